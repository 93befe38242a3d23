"""The beginning of an order is that of the whole one, and of very many edges nothing else is sorted."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from app.presenters.canvas import Extent, canvas_data
from core.graph import Graph
from core.project.document import Document
from core.tracing import ranking, scores
from core.tracing.order import best_first
from core.tracing.ranking import Ranking
from core.tracing.scores import Scores

RANDOM = np.random.default_rng(0)
VALUES = {
    "apart": RANDOM.normal(size=5000),
    "many alike": RANDOM.integers(-3, 3, size=5000).astype(float),
    "all alike": np.zeros(5000),
    "few known": np.where(RANDOM.random(5000) < 0.01, RANDOM.normal(size=5000), np.nan),
    "a sample tells too little": np.where(np.arange(5000) % 5 == 0, 9.0, RANDOM.normal(size=5000)),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("count", [0, 1, 7, 400, 600, 5000])
def test_a_beginning_is_that_of_the_whole_order(name: str, count: int) -> None:
    values = VALUES[name]
    assert np.array_equal(best_first(values, count=count), best_first(values)[:count])
    kept = np.arange(5000) % 50 == 3
    assert np.array_equal(best_first(values, kept, count), best_first(values, kept)[:count])


def test_a_ranking_of_very_many_edges_has_the_circuits_of_one_that_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    values = VALUES["many alike"]
    for direction in (1, -1):
        whole = Ranking(values, direction=direction).sort()
        monkeypatch.setattr(ranking, "SORTED", 100)
        monkeypatch.setattr(ranking, "AHEAD", 50)
        few = Ranking(values, direction=direction).sort()
        assert not {"best", "strongest"} & set(vars(few))
        for size in (0, 3, 80, 4000, None):
            assert np.array_equal(few.kept(size), whole.kept(size))
            assert few.threshold(size) == whole.threshold(size)
        other = np.arange(5000)[::-1]
        assert np.array_equal(few.in_order(other).sort().kept(9), other[:9])
        monkeypatch.undo()


def test_circuits_of_very_many_scores_are_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph(4, 4, 2)
    values = RANDOM.integers(-3, 3, size=graph.n_edges).astype(float)
    usual = Scores(graph, values, "eap", "patch", direction=1)
    expected = [usual.top(size, by_size=by_size).edges for size in (0, 5, graph.n_edges) for by_size in (False, True)]
    monkeypatch.setattr(scores, "SORTED", 10)
    large = Scores(graph, values, "eap", "patch", direction=1)
    found = [large.top(size, by_size=by_size).edges for size in (0, 5, graph.n_edges) for by_size in (False, True)]
    assert not large._orders
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def opened(layers: int, values: np.ndarray) -> int:
    """What the window does with new scores until the strongest edges can be drawn."""
    graph = Graph(layers, 32, 8)
    order = Ranking(values).sort()
    told = {"input_label": "A", "output_label": "B", "stale": False, "extent": Extent()}
    return len(canvas_data(graph, order, Document("m"), (graph.nodes[40],), {}, **told).edges)  # type: ignore[arg-type]


def test_a_large_graph_is_shown_in_less_time_than_its_edges_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    """And with few bytes an edge, no object for each: a list of numbers alone would be 32 bytes more."""
    monkeypatch.setattr(ranking, "SORTED", 1000)
    layers = 28
    values = RANDOM.normal(size=Graph(layers, 32, 8).n_edges)
    assert len(values) > 500_000

    def processor(work: Callable[[], object]) -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    ratios = [
        processor(lambda: opened(layers, values)) / processor(lambda: np.argsort(values, kind="stable"))
        for _ in range(5)
    ]
    assert min(ratios) < 2, ratios  # with all sorted it is above 3
    tracemalloc.start()
    assert opened(layers, values) > 48
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most / len(values) < 64
