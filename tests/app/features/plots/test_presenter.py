"""What the figures of the dock Plots are made of, each number worked out a second way."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from app.features.plots.presenter import against_known, agreement, named_apart, rows_csv, score_bins
from core.graph import Graph
from core.tracing.ranking import Ranking
from views.panels.plots.data import About, CurveLine, Rows
from views.panels.plots.scales import COUNTS, SIZES, around_zero
from views.panels.plots.scores import size_at, threshold_of

ABOUT = About("names", "A “x”", "logit", "EAP over this pair", "replaced from B")


@pytest.mark.parametrize("direction", [1, -1])
def test_a_threshold_keeps_the_circuit_of_its_size(direction: int) -> None:
    values = np.random.default_rng(0).standard_t(2, 500)
    values[7] = np.nan
    ranking = Ranking(values, direction=direction)
    bins = score_bins(ranking.values, ranking.unknown, ranking.best, direction, signed=True)
    assert bins.in_order
    assert (bins.counts.sum(), bins.unknown) == (499, 1)
    for size in (0, 1, 20, 250, 498, 499):
        at = threshold_of(bins, size)
        kept = set(np.flatnonzero(direction * values > at).tolist())
        assert kept == set(ranking.kept(size).tolist())
        assert size_at(bins, at) == size


def test_circuits_of_another_order_have_no_threshold() -> None:
    values = np.arange(10.0)
    ranking = Ranking(values).in_order(np.arange(10))
    assert not score_bins(ranking.values, ranking.unknown, ranking.best, 1, signed=True).in_order


def test_precision_and_recall_are_those_of_sets() -> None:
    best = np.random.default_rng(1).permutation(60)
    known = frozenset({3, 14, 15, 9, 26, 53})
    found = against_known(ABOUT, "known.json", known, 60, best, 20)
    for size, precision, recall in zip(found.sizes.tolist(), found.precision, found.recall, strict=True):
        hits = len(known & set(best[:size].tolist()))
        assert (precision, recall) == pytest.approx((hits / size, hits / 6))
    assert found.sizes[found.at] == 20
    ranks = sorted(best.tolist().index(edge) + 1 for edge in known)
    assert found.average == pytest.approx(np.mean([(n + 1) / rank for n, rank in enumerate(ranks)]))
    assert found.chance == 0.1


def test_estimated_and_measured_effects_stand_side_by_side() -> None:
    graph = Graph(2, 2, 2)
    estimated = np.full(graph.n_edges, np.nan)
    estimated[[0, 1, 2, 3]] = 0.1, -0.2, 0.3, 0.001
    measured = {0: 0.1, 1: 0.25, 2: 0.29, 3: -0.002, 5: 9.0}  # 5 has no estimate; 3 is below noise
    found = agreement(graph, ABOUT, estimated, measured, floor=0.01)
    assert found.count == 4
    assert set(found.names) == {graph.edge(edge).name for edge in range(4)}
    assert [found.names[place] for place in found.outliers] == [graph.edge(1).name]
    assert found.wrong_sign == 1
    assert found.correlation == pytest.approx(np.corrcoef([0.1, -0.2, 0.3, 0.001], [0.1, 0.25, 0.29, -0.002])[0, 1])
    assert agreement(graph, ABOUT, estimated, {5: 9.0}).count == 0


def test_curves_are_named_by_what_tells_them_from_the_present_state() -> None:
    other = About("names", "A “y”", "logit", "EAP over this pair", "replaced by zero")
    lines = [
        CurveLine("", about, (1,), (0.5,), 9, same=same)
        for about, same in ((ABOUT, True), (other, False), (ABOUT, False))
    ]
    names = [line.name for line in named_apart(lines, ABOUT)]
    assert names == [
        "EAP over this pair",
        "EAP over this pair, replaced by zero, A “y”",
        "EAP over this pair, other pairs",
    ]


def test_every_row_of_a_table_says_what_it_is_of() -> None:
    text = rows_csv(Rows(("edges", "share"), [(1, 0.5), (2, 0.7)], [ABOUT]))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[1] == {"edges": "2", "share": "0.7", **ABOUT.entries}


def test_scales_have_round_ticks_where_the_values_are() -> None:
    for scale, low, high in ((SIZES, 1.0, 70_651.0), (COUNTS, 0.0, 5000.0), (around_zero(1e-3), -2.0, 0.5)):
        places = scale.ticks(scale.place(low), scale.place(high))
        values = [scale.value(place) for place in places]
        assert 3 <= len(values) <= 7
        assert [scale.place(value) for value in values] == pytest.approx(places)
        assert all(low <= value <= high * (1 + 1e-9) for value in values)
        assert values == pytest.approx([float(f"{value:.0e}") for value in values], abs=1e-9)
    near = SIZES.ticks(SIZES.place(310), SIZES.place(390))  # far in, between two powers of ten
    assert len(near) >= 3
