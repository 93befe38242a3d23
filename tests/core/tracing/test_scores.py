"""Circuits made of scores."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import ArgumentError
from core.graph import Graph
from core.tracing.scores import Scores
from core.tracing.told_options import options_told

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


@pytest.mark.parametrize("count", [2.5, "2", None])
def test_a_circuit_of_no_whole_number_of_edges_is_refused(count: object) -> None:
    for choose in (scores([]).top, scores([]).select):
        with pytest.raises(ArgumentError, match="no number of edges"):
            choose(count)  # type: ignore[arg-type]


@pytest.mark.parametrize("by_size", [False, True])
def test_edges_without_a_score_are_taken_only_where_they_may_come_last(by_size: bool) -> None:
    graph = Graph(layers=4, heads=2, kv_heads=2)
    values = np.full(graph.n_edges, np.nan)
    values[[3, 7, 40]] = 1.0, -2.0, 0.5
    partial = Scores(graph, values, "exact-scan", "patch")
    assert len(partial.top(3, by_size=by_size)) == 3
    for count in (4, graph.n_edges):
        with pytest.raises(ArgumentError, match=f"3 of {graph.n_edges:,} edges have a score, fewer than the {count}"):
            partial.top(count, by_size=by_size)
    kept = partial.top(5, by_size=by_size, unscored=True).edges.tolist()
    assert set(kept[:3]) == {3, 7, 40}
    assert kept[3:] == [0, 1], "the rest by their numbers"
    nothing = Scores(graph, np.full(graph.n_edges, np.nan), "exact-scan", "patch")
    with pytest.raises(ArgumentError, match="0 of"):
        nothing.top(5)
    assert len(nothing.top(0)) == 0


def test_options_that_a_file_says_wrongly_are_refused_by_name() -> None:
    assert options_told({"steps": "7", "model": "five"}).steps == 7
    with pytest.raises(ArgumentError, match="steps of these scores is 'five'"):
        options_told({"steps": "five"})
