"""Circuits made of scores."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ArgumentError
from core.graph import Graph
from core.tracing.scores import Scores

GRAPH = Graph(layers=2, heads=2, kv_heads=1)


def scores(values: list[float]) -> Scores:
    filled = np.zeros(GRAPH.n_edges)
    filled[: len(values)] = values
    return Scores(GRAPH, filled, "eap", "patch", {"model": "test"})


def test_top_keeps_exactly_n_of_the_highest() -> None:
    circuit = scores([0.1, -5.0, 3.0, 0.2]).top(3)
    assert circuit.edges.tolist() == [2, 3, 0], "-5 has the largest size, and lowers the metric"
    assert circuit.values is not None
    assert circuit.values.tolist() == [3.0, 0.2, 0.1]
    assert circuit.about == {"model": "test", "method": "eap", "replacement": "patch"}


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, GRAPH.n_edges])
def test_ties_are_cut_at_exactly_n_by_the_edges_order(count: int) -> None:
    tied = scores([1.0, 2.0, 1.0, 1.0, 2.0, 1.0])
    expected = [1, 4, 0, 2, 3, 5, *range(6, GRAPH.n_edges)]
    assert tied.top(count).edges.tolist() == expected[:count]
    assert scores([]).top(count).edges.tolist() == list(range(count))


def test_a_larger_circuit_holds_the_smaller_ones() -> None:
    ranked = scores(list(np.random.default_rng(0).normal(size=GRAPH.n_edges).round(1)))
    whole = ranked.top(GRAPH.n_edges).edges.tolist()
    assert all(ranked.top(count).edges.tolist() == whole[:count] for count in range(GRAPH.n_edges))


def test_strongest_goes_by_size() -> None:
    assert scores([0.1, -5.0, 3.0, 0.2]).strongest(3).tolist() == [1, 2, 3]


@pytest.mark.parametrize("count", [-1, GRAPH.n_edges + 1])
def test_a_circuit_of_more_edges_than_there_are_is_refused(count: int) -> None:
    with pytest.raises(ArgumentError, match=str(GRAPH.n_edges)):
        scores([]).top(count)
