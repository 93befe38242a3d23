"""Tracing whatever the method: datasets, partial results, refusals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, Cancelled, InputError
from core.formatting import percent
from core.tracing.meaning import RANKS, SHARE
from core.tracing.method import METHODS
from core.tracing.per_pair import scores_per_pair
from core.tracing.told_options import Options
from core.tracing.trace import Tracing
from tests.core.engine.cases import case


def pairs(model: ws.Model) -> list[ws.Pair]:
    rows = [([1, 2, 3], [4, 2, 3]), ([5, 6], [5, 7]), ([3, 2, 1], [3, 5, 1]), ([8, 9, 7], [8, 9, 6])]
    return [model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in rows]


ANSWERS = [(1, 2), (3, 4), (5, 6), (2, 7)]


def test_pairs_of_one_length_go_together_and_count_alike() -> None:
    model = case("gpt2").model
    rows = pairs(model)
    one_by_one = [
        ws.trace(ws.Session(model, pair, ws.logit_difference(*answers)), steps=3).values
        for pair, answers in zip(rows, ANSWERS, strict=True)
    ]
    session = ws.Session(model, rows[0], ws.logit_difference(1, 2))
    scores = ws.trace(session, steps=3, dataset=ws.Dataset(rows, ANSWERS))
    assert np.allclose(scores.values, np.mean(one_by_one, axis=0), rtol=0, atol=1e-12)
    assert scores.about["pairs"] == "4"
    assert "partial" not in scores.about


def test_a_trace_can_be_left_and_taken_up_again() -> None:
    model = case("gpt2").model
    session = ws.Session(model, pairs(model)[0], ws.logit_difference(1, 2))
    dataset = ws.Dataset(pairs(model))
    tracing = Tracing(session, "eap", dataset=dataset)
    parts = tracing.parts(lambda: tracing.done > 0)
    with pytest.raises(Cancelled):
        for _ in parts:
            pass
    assert 0 < tracing.done < 4
    assert tracing.scores.about["partial"] == f"{percent(tracing.done / 4)} of the work"
    seen = [share for _, share in tracing.parts()]
    assert seen[-1] == 1.0
    assert np.array_equal(tracing.scores.values, ws.trace(session, "eap", dataset=dataset).values)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_its_steps_source_cost_and_limits(name: str) -> None:
    about = " ".join(METHODS[name].about.split())
    for needed in ("Steps: 1.", "Cost:", "Do not use it"):
        assert needed in about, f"{name}: {needed}"


def test_refusals_say_what_can_be_done() -> None:
    model = case("gpt2").model
    rows = pairs(model)
    session = ws.Session(model, rows[0], ws.logit_difference(1, 2))
    with pytest.raises(InputError, match="lengths"):
        ws.trace(session, "eap", level="positions", dataset=ws.Dataset(rows))
    with pytest.raises(InputError, match="lengths"):
        ws.trace(case("llama-grouped", batch=2, lengths=(4, 7)).session(), "eap", level="positions")
    with pytest.raises(InputError, match="3 answers for 4 pairs"):
        ws.Dataset(rows, ANSWERS[:3])
    with pytest.raises(ArgumentError, match="noise"):
        ws.trace(session, "eap", replacement="noise")
    with pytest.raises(ArgumentError) as refused:
        ws.trace(session, "circuit-pruning", level="positions")
    assert "edges; for positions take" in str(refused.value) + refused.value.hint
    with pytest.raises(ArgumentError, match="no circuit"):
        ws.trace(session, "eap", level="positions").top(3)


def test_steps_go_before_those_of_the_options() -> None:
    session = case("gpt2").session()
    four = ws.trace(session, "eap-ig", steps=4).values
    assert np.array_equal(ws.trace(session, "eap-ig", steps=4, options=Options(seed=3)).values, four)
    assert np.array_equal(ws.trace(session, "eap-ig", options=Options(steps=4)).values, four)


def test_without_b_half_way_is_to_the_mean_over_real_positions() -> None:
    """A metric that is flat at A: a padded batch scores the mean of what its rows score alone."""
    setup = case("llama-grouped", batch=2, lengths=(4, 7))
    model, ids = setup.model, setup.pair.clean.tensor
    rows = [ids[0, :4].tolist(), ids[1].tolist()]
    alone = [
        ws.trace(ws.Session(model, model.pair(torch.tensor([row])), ws.kl()), "eap", replacement="zero").values
        for row in rows
    ]
    text = setup.pair
    batch = ws.Session(model, replace(text, counterfactual=None), ws.kl())
    found = ws.trace(batch, "eap", replacement="zero").values
    assert np.allclose(found, np.mean(alone, axis=0), rtol=0, atol=1e-9)


def test_what_atp_star_says_of_a_dataset_is_the_mean_of_what_it_says_of_pairs() -> None:
    model = case("gpt2").model
    rows = pairs(model)
    session, dataset = ws.Session(model, rows[0], ws.logit_difference(1, 2)), ws.Dataset(rows)
    found = ws.trace(session, "atp-star", dataset=dataset).values
    assert np.allclose(found, scores_per_pair(session, "atp-star", dataset).mean(axis=0), rtol=0, atol=1e-6)


def test_random_scores_are_the_seeds() -> None:
    session = case("gpt2").session()
    one, same, other = (ws.trace(session, "random", options=Options(seed=seed)).values for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_random_scores_are_drawn_anew_for_every_pair() -> None:
    """Else chance would look like the most stable of circuits."""
    model = case("gpt2").model
    rows = scores_per_pair(ws.Session(model, pairs(model)[0]), "random", ws.Dataset(pairs(model)))
    assert len({row.tobytes() for row in rows}) == len(rows)


def test_the_best_nodes_make_a_circuit_of_the_edges_between_them() -> None:
    session = case("gpt2").session()
    graph = session.graph
    scores = ws.trace(session, "eap", level="nodes")
    best = [graph.writers[int(number)] for number in np.argsort(-scores.values, kind="stable")[:4]]
    for edge in scores.top(4):
        assert edge.writer in best or edge.writer.kind == "input"
        assert edge.reader.kind == "logits" or any(node in best for node in graph.readers_of(edge.reader))
    assert len(scores.top(graph.n_writers)) == graph.n_edges


KINDS_OF_MODEL = {
    "grouped queries, rows of two lengths": ("llama-grouped", (4, 7)),
    "parallel blocks": ("gptj", None),
    "norms over all heads": ("olmo2-grouped", None),
    "read in the middle": ("clip-text", None),
    "classes": ("vit-classifier", None),
    "an embedding of all patches": ("siglip-vision", None),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", KINDS_OF_MODEL)
def test_every_method_scores_every_kind_of_model(name: str, kind: str) -> None:
    """Also where autograd is off, as in the engine's thread, and where A and B are the same."""
    family, lengths = KINDS_OF_MODEL[kind]
    method, setup = METHODS[name], case(family, batch=2, lengths=lengths)
    if method.text_only and not setup.model.is_text:
        return
    session = setup.session()
    graph, options = session.graph, Options(steps=2, updates=3, threshold=0.05)
    shapes = {
        "edges": (graph.n_edges,),
        "nodes": (graph.n_writers,),
        "positions": (graph.n_writers, session.pair.length),
        "edge-spans": (graph.n_edges, 3),  # the two roles, and the rest
    }
    levels = [level for level in method.levels if not (level == "positions" and lengths)]  # they do not correspond
    with torch.no_grad():
        for level in levels:
            values = ws.trace(session, name, level=level, options=options).values
            assert values.shape == shapes[level]
            assert np.isfinite(values).all()
            assert method.meaning.how != "scored" or method.meaning.signed or (values >= 0).all()
            assert np.abs(values).max() > 1e-4
        if not method.replaces or method.meaning in (SHARE, RANKS):
            return  # shares of masks and ranks are no effects
        a = setup.pair.clean.tensor
        alike = ws.Session(setup.model, setup.model.pair(a, a.clone()))
        assert np.abs(ws.trace(alike, name, options=options).values).max() < 1e-9


def test_options_that_make_no_sense_are_refused() -> None:
    shares = ({"threshold": -1.0}, {"threshold": math.inf}, {"threshold": math.nan}, {"keep": 1.0}, {"keep": math.nan})
    for wrong in ({"steps": 0}, {"steps": math.nan}, {"restarts": 0}, {"updates": 0}, *shares):
        with pytest.raises(ArgumentError):
            Options(**wrong)  # type: ignore[arg-type]
