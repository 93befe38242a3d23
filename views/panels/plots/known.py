"""Precision and recall of circuits of all sizes against a known circuit, from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF

from core.formatting import counted, share_words
from views.panels.plots.data import KnownData, PlotsData, Rows
from views.panels.plots.plot import Entry
from views.panels.plots.reading import Spots
from views.panels.plots.scales import SHARES

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart

MANY = 60  # sizes, above which they have no marks


class KnownPlot:
    key = "known"
    title = "Known"
    tip = "How well the order of the edges finds a circuit that is known: precision and recall at every size"

    def empty(self, data: PlotsData) -> str:
        known = data.known
        if known.problem:
            return known.problem
        if not known.known:
            return (
                "Choose a file with a known circuit (Circuit as JSON, from File > Export or from wirescope trace): "
                "precision and recall of the edges in their present order are drawn against it."
            )
        return "" if len(known.sizes) else "The edges have no scores yet: Trace (T)."

    def caption(self, data: PlotsData) -> str:
        known = data.known
        if not known.known:
            return known.about.words
        return f"{known.about.words} · against {known.known} ({counted(known.edges_known, 'edge')})"

    def note(self, data: PlotsData) -> str:
        known = data.known
        if not len(known.sizes):
            return ""
        words = f"Average precision {share_words(known.average)}, at random {share_words(known.chance)}"
        return words if known.at is None else f"{words}. Now: {point_words(known, known.at)}"

    def stale(self, data: PlotsData) -> bool:
        return data.known.stale

    def legend(self, data: PlotsData) -> list[Entry]:
        known = data.known
        if not len(known.sizes):
            return []
        entries = [Entry("circuits of all sizes", "positive", "line"), Entry("random edges", "muted", "dotted")]
        return entries if known.at is None else [*entries, Entry("the present circuit", "selection", "o")]

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        from views.panels.plots.axes import Axis

        known, look = data.known, chart.theme
        chart.start(
            Axis("recall: share of the known circuit that is kept", SHARES, "recall"), Axis("precision", SHARES)
        )
        mark = "o" if len(known.sizes) <= MANY else ""
        chart.line(known.recall, known.precision, look.color("positive"), 2.2, mark)
        chart.across(known.chance, look.color("muted"))
        if known.at is not None:
            at = slice(known.at, known.at + 1)
            chart.points(known.recall[at], known.precision[at], look.color("selection"), 11)
        words = tuple(point_words(known, place) for place in range(len(known.sizes)))
        chart.finish([Spots(known.recall, known.precision, words)], QRectF(0.0, 0.0, 1.0, 1.02))

    def rows(self, data: PlotsData) -> Rows:
        known = data.known
        columns = (known.sizes.tolist(), known.precision.tolist(), known.recall.tolist())
        rows = [(known.known, known.edges_known, *row) for row in zip(*columns, strict=True)]
        return Rows(("known_circuit", "edges_known", "edges_kept", "precision", "recall"), rows, [known.about])


def point_words(known: KnownData, place: int) -> str:
    """ "the best 40 edges: precision 70 %, recall 56 %; 28 of 50 known edges"."""
    size, recall = int(known.sizes[place]), float(known.recall[place])
    hits = round(recall * known.edges_known)
    words = f"{counted(size, 'edge')}: precision {share_words(float(known.precision[place]))}, recall "
    return f"{words}{share_words(recall)}, {hits:,} of the {known.edges_known:,} known edges"
