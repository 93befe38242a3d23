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
from core.tracing import order, ranking, scores
from core.tracing.order import best_first, best_of_parts, largest_first
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


@pytest.mark.parametrize("part", [70, 999, order.PART])
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("count", [0, 1, 7, 400, 600, 5000])
def test_a_beginning_is_that_of_the_whole_order(
    name: str, count: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of equal ones the earlier, in whatever parts they come; all are sorted by numpy alone."""
    monkeypatch.setattr(order, "PART", part)
    values = VALUES[name]
    whole = np.argsort(-values, kind="stable")
    assert np.array_equal(best_first(values), whole)
    assert np.array_equal(best_first(values, count=count), whole[:count])
    assert np.array_equal(best_first(values, count=count, key=np.negative), np.argsort(values, kind="stable")[:count])
    kept = np.arange(5000) % 50 == 3
    order_of_kept = np.lexsort((np.arange(5000), np.isnan(values), -values, ~kept))
    assert np.array_equal(best_first(values, kept), order_of_kept)
    assert np.array_equal(best_first(values, kept, count), order_of_kept[:count])


@pytest.mark.parametrize("part", [70, 999])
def test_the_best_of_parts_are_those_of_all(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of whole numbers, of parts that rise or fall, and of some places alone."""
    monkeypatch.setattr(order, "PART", part)
    every = np.arange(5000)
    for values in (*VALUES.values(), every, every[::-1], (every % 200 - 100).astype(np.int8), np.full(5000, np.nan)):
        for some in (every, every[::7], every[:0]):
            whole = some[np.argsort(-values[some], kind="stable")]
            for count in (0, 1, 40, 5000):
                parts = (some[(some >= at.start) & (some < at.stop)] for at in order.parts_of(5000))
                assert np.array_equal(best_of_parts(((at, values[at]) for at in parts), count), whole[:count])


@pytest.mark.parametrize("name", ["apart", "many alike", "all alike"])
def test_the_largest_first_are_those_that_are_not_nought(name: str) -> None:
    values = VALUES[name]
    whole = [place for place in np.argsort(-np.abs(values), kind="stable").tolist() if values[place] != 0]
    for count in (0, 1, 50, 5000, None):
        assert largest_first(values, count).tolist() == whole[:count]


def test_scores_are_held_as_they_are_and_none_is_lost() -> None:
    """A ranking of scores that are all there is of the array that it was given; of others it says which there are."""
    values = VALUES["apart"]
    assert Ranking(values).values is values
    assert Ranking(values).told is values
    assert not Ranking(values).unknown.any()
    few = Ranking(VALUES["few known"])
    assert np.array_equal(few.told, VALUES["few known"], equal_nan=True)
    assert np.array_equal(few.unknown, np.isnan(VALUES["few known"]))
    assert few.values[few.unknown].tolist() == [0.0] * int(few.unknown.sum())


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
    monkeypatch.setattr(order, "PART", 2**15)
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
    assert most / len(values) < 12  # one array as large as that of the scores would be 8 more
