"""What two circuits share: counted a second way, and chance against circuits that are really drawn."""

from __future__ import annotations

import numpy as np
import pytest

from core.circuit import Circuit, circuit_of
from core.errors import ArgumentError
from core.evaluation.circuit_overlap import circuit_overlap, expected_jaccard, nodes_of
from core.graph import Graph

GRAPH = Graph(2, 2, 1)


def circuit(*edges: int) -> Circuit:
    return Circuit(GRAPH, np.array(edges, dtype=np.int64))


def test_edges_are_in_one_in_the_other_or_in_both() -> None:
    found = circuit_overlap(circuit(9, 3, 7, 1), circuit(7, 9, 20))
    assert (found.both.tolist(), found.only_first.tolist(), found.only_second.tolist()) == ([7, 9], [3, 1], [20])
    assert found.jaccard == 2 / 5
    first, second = ({7, 9, 3, 1}, {7, 9, 20})
    assert found.jaccard == len(first & second) / len(first | second)
    here, there = nodes_of(circuit(9, 3, 7, 1)), nodes_of(circuit(7, 9, 20))
    assert found.nodes == (len(here & there), len(here - there), len(there - here))
    same = circuit_overlap(circuit(4, 5), circuit(5, 4))
    assert (same.jaccard, len(same.only_first), len(same.only_second)) == (1.0, 0, 0)
    assert circuit_overlap(circuit(), circuit()).jaccard == 1.0
    with pytest.raises(ArgumentError, match="another model"):
        circuit_overlap(circuit(1), Circuit(Graph(3, 2, 1), np.array([1])))


def test_a_shared_key_ends_at_all_its_heads() -> None:
    edge = circuit_of(GRAPH, ["m0->a1.kv0<k>"])
    assert {node.name for node in nodes_of(edge)} == {"m0", "a1.h0", "a1.h1"}


@pytest.mark.parametrize(("first", "second", "edges"), [(5, 9, 30), (1, 1, 4), (20, 25, 30), (30, 30, 30)])
def test_chance_is_the_mean_of_circuits_that_are_drawn(first: int, second: int, edges: int) -> None:
    rng = np.random.default_rng(0)
    fixed, overlaps = set(range(first)), []
    for _ in range(4000):
        drawn = set(rng.permutation(edges)[:second].tolist())
        overlaps.append(len(fixed & drawn) / len(fixed | drawn))
    assert expected_jaccard(first, second, edges) == pytest.approx(np.mean(overlaps), abs=0.008)


def test_chance_of_a_large_graph_is_known_at_once() -> None:
    share = 0.01  # of as many edges, n shared of 2 n - n share
    assert expected_jaccard(10_000, 10_000, 1_000_000) == pytest.approx(share / (2 - share), rel=1e-3)
    assert (expected_jaccard(0, 0, 9), expected_jaccard(0, 3, 9)) == (1.0, 0.0)
