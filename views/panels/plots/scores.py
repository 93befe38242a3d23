"""The histogram of the scores, with the threshold that makes the circuit as a line to drag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF

from core.formatting import best_edges, counted, digits_of, signed
from views.panels.plots.data import PlotsData, Rows, ScoreBins
from views.panels.plots.plot import Entry
from views.panels.plots.reading import Spots
from views.panels.plots.scales import COUNTS, around_zero, plain

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart


class ScoresPlot:
    key = "scores"
    title = "Scores"
    tip = "How the scores of all edges are spread; drag the line to keep the edges right of it"

    def empty(self, data: PlotsData) -> str:
        if data.scores.bins is not None:
            return ""
        return "The edges have no scores yet, or cannot have any: open a model with two inputs, or Trace (T)."

    def caption(self, data: PlotsData) -> str:
        return data.scores.about.words

    def note(self, data: PlotsData) -> str:
        scores, bins = data.scores, data.scores.bins
        if bins is None:
            return ""
        unknown = f"; {counted(bins.unknown, 'edge')} without a score left out" if bins.unknown else ""
        if not bins.in_order:
            return f"Another rule than the scores alone chooses the edges: no threshold makes the circuit{unknown}"
        if scores.size is None:
            return f"Drag the line to keep the edges right of it{unknown}"
        if scores.size == 0:
            return f"No edge is kept{unknown}"
        at = plain(threshold_of(bins, scores.size))
        return f"Right of the line, from {at} up: {best_edges(scores.size)} of {len(bins.ranked):,}{unknown}"

    def stale(self, data: PlotsData) -> bool:
        return data.scores.stale

    def legend(self, data: PlotsData) -> list[Entry]:
        bins = data.scores.bins
        if bins is None:
            return []
        entries = [Entry("edges with such a score", "neutral", "bar")]
        if bins.in_order:
            kept = [Entry("kept in the circuit", "positive", "bar")] if data.scores.size else []
            entries = [*kept, *entries, Entry("threshold: drag it", "selection", "line")]
        return entries

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        from views.panels.plots.axes import Axis

        scores, bins = data.scores, data.scores.bins
        assert bins is not None
        look = chart.theme
        at = threshold_of(bins, scores.size) if bins.in_order and scores.size is not None else np.inf
        middles = (bins.bounds[1:] + bins.bounds[:-1]) / 2
        kept, other = look.color("positive"), look.color("neutral")
        colors = [kept if middle >= at else other for middle in middles.tolist()]
        if chart.is_dragged():  # drawn anew, the line would fall out of the hand
            if chart.drawn is bins:
                chart.color_bars(colors)
            return
        chart.start(Axis(scores.axis, around_zero(bins.unit), "score"), Axis("edges", COUNTS))
        chart.drawn = bins
        chart.bars(bins.bounds, bins.counts, colors)
        if bins.in_order:
            chart.threshold(threshold_of(bins, scores.size or 0), scores.size is not None)
        room = QRectF(bins.bounds[0], 0.0, bins.bounds[-1] - bins.bounds[0], float(bins.counts.max() * 1.6))
        filled = np.flatnonzero(bins.counts)
        words = tuple(bin_words(bins, place) for place in filled.tolist())
        chart.finish([Spots(middles[filled], bins.counts[filled].astype(np.float64), words, column=True)], room)

    def rows(self, data: PlotsData) -> Rows:
        bins, scores = data.scores.bins, data.scores
        if bins is None:
            return Rows(("from", "to", "edges"), [], [scores.about])
        rows = zip(bins.bounds[:-1].tolist(), bins.bounds[1:].tolist(), bins.counts.tolist(), strict=True)
        size = "" if scores.size is None else scores.size
        return Rows(("score_from", "score_to", "edges", "edges_kept"), [(*row, size) for row in rows], [scores.about])


def threshold_of(bins: ScoreBins, size: int) -> float:
    """The score between the last edge that is kept and the first that is not; beyond all of them for none, or all."""
    ranked = bins.ranked
    size = min(size, len(ranked))
    if size == 0:
        return float(bins.bounds[-1])
    if size == len(ranked):
        return float(bins.bounds[0])
    return float(ranked[size - 1] + ranked[size]) / 2


def size_at(bins: ScoreBins, threshold: float) -> int:
    """How many edges have a higher score."""
    return int(np.searchsorted(-bins.ranked, -threshold, side="left"))


def bin_words(bins: ScoreBins, place: int) -> str:
    """ "Scores from +0.012 to +0.015: 37 edges"."""
    low, high = bins.bounds[place : place + 2].tolist()
    digits = max(digits_of(low), digits_of(high), digits_of(high - low))
    ends = [signed(end, digits) if bins.signed else plain(end) for end in (low, high)]
    return f"Scores from {ends[0]} to {ends[1]}: {counted(int(bins.counts[place]), 'edge')}"
