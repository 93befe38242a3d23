"""Scores of attention split into what writers make of them, family by family, in fp64."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError
from core.graph import Node
from core.lens.query_key import BIAS, REST, query_key
from tests.core.engine.cases import case, random_edits, variant
from tests.small_models import ALL


@pytest.mark.parametrize("family", ALL)
def test_the_parts_of_a_score_sum_to_it(family: str) -> None:
    session, rng = case(family).session(), random.Random(family)
    graph, adapter = session.graph, session.model.adapter
    length = session.engine.length
    for edits in [random_edits(rng, graph, length)] if variant(family) else [[], random_edits(rng, graph, length)]:
        result = session.run(edits, positions="all")
        layer, head = rng.randrange(1, graph.layers), rng.randrange(graph.heads)
        query, key = length - 1, length - 1 - rng.randrange(2)
        found = query_key(session, Node("head", layer, head), query, key, result)
        state, group = result.state, graph.heads // graph.kv_heads
        q, k = state.q[layer][0, query, head], state.k[layer][0, key, head // group]
        score = float(q @ k) * adapter.attention[layer].scale
        assert found.pairs.sum() == pytest.approx(score, abs=1e-6)
        for side in (found.query, found.key):
            assert len(side.shares) == len(side.edges) + 2
            assert side.shares.sum() == pytest.approx(score, abs=1e-6)
        weight = state.pattern(adapter, layer, head)[0, query, key]
        assert found.weight == pytest.approx(float(weight), abs=1e-9)
        assert np.abs(found.query.shares[:-2]).max() > 1e-6, "writers make some of it, or this would test nothing"


def test_a_share_is_what_the_score_loses_with_an_edge_where_norms_are_frozen() -> None:
    """Of an edge into q that is cut at the query, with the scales of norms held: exactly its share."""
    session = case("llama").session()
    found = query_key(session, "a2.h1", -1, 2)
    edge, share = found.query.edges[0], found.query.shares[0]
    last = session.engine.length - 1
    with torch.no_grad():
        cut = session.run([ws.Edit(edge, "zero", last)], positions="all", frozen_norms=True).state
        clean = session.run(positions="all").state
        scale = session.model.adapter.attention[2].scale
        after, before = (float(s.q[2][0, last, 1] @ s.k[2][0, 2, 1]) * scale for s in (cut, clean))
    assert before - after == pytest.approx(share, abs=1e-6)
    top = found.query.top(3)
    assert [abs(value) for _, value in top] == sorted((abs(value) for _, value in top), reverse=True)
    assert {name for name, _ in found.key.top(99)} == {*(edge.name for edge in found.key.edges), REST, BIAS}
    first = found.top(1)[0]
    assert abs(first[2]) == pytest.approx(np.abs(found.pairs).max())


def test_what_has_no_score_is_refused() -> None:
    session = case("gpt2").session()
    for head, query, key, words in (
        ("m1", 3, 2, "is no head"),
        ("a1.h0", 2, 3, "does not see position 3"),
        ("a1.h0", 99, 0, "outside the input"),
    ):
        with pytest.raises(ArgumentError, match=words):
            query_key(session, head, query, key)
    with pytest.raises(ArgumentError, match="no row 9"):
        query_key(session, "a1.h0", 2, 1, row=9)
