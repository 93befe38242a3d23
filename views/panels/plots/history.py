"""The metric over the history: what each step of the present way has done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.formatting import counted, metric_digits, number
from views.panels.plots.data import HistoryPoint, PlotsData, Rows
from views.panels.plots.plot import Entry
from views.panels.plots.reading import Spots
from views.panels.plots.scales import STRAIGHT

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart

AHEAD = 0.45


class HistoryPlot:
    key = "history"
    title = "History"
    tip = "The metric after each step on the way to the present one, and after those that Redo leads to"

    def empty(self, data: PlotsData) -> str:
        if data.history.points:
            return ""
        return "The metric is not measured yet: it appears here with the first run, and with each edit after it."

    def caption(self, data: PlotsData) -> str:
        return data.history.about.words

    def note(self, data: PlotsData) -> str:
        return (
            f"{counted(data.history.left_out, 'step')} of other inputs or another metric left out"
            if data.history.left_out
            else ""
        )

    def stale(self, data: PlotsData) -> bool:
        return False  # a step that is not run yet has no point

    def legend(self, data: PlotsData) -> list[Entry]:
        points = data.history.points
        if not points:
            return []
        entries = [Entry("with the edits of the step", "positive", "o", joined=True)]
        if any(point.state == "ahead" for point in points):
            entries.append(Entry("what Redo leads to", "positive", "o", faint=True, joined=True))
        entries += [Entry("the present step", "selection", "o"), Entry("without edits", "muted", "dashed")]
        return entries

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        from views.panels.plots.axes import Axis

        points, look = data.history.points, chart.theme
        whole = Axis("step of the history", STRAIGHT, "step", max(min(len(points), 10), 2))
        chart.start(whole, Axis("metric"))
        chart.line([p.number for p in points], [p.without for p in points], look.color("muted", 0.7), 1.2, dashed=True)
        past = [point for point in points if point.state != "ahead"]
        ahead = [*past[-1:], *(point for point in points if point.state == "ahead")]
        for row, alpha in ((ahead, AHEAD), (past, 1.0)):
            if row:
                color = look.color("positive", alpha)
                chart.line([p.number for p in row], [p.value for p in row], color, 2.0, "o")
        present = [point for point in points if point.state == "present"]
        chart.points([p.number for p in present], [p.value for p in present], look.color("selection"), 10)
        xs, ys = (np.array(row, dtype=np.float64) for row in ([p.number for p in points], [p.value for p in points]))
        chart.finish([Spots(xs, ys, tuple(map(point_words, points)), column=True)])

    def rows(self, data: PlotsData) -> Rows:
        rows = [(p.number, p.words, p.value, p.without, p.state) for p in data.history.points]
        return Rows(("step", "words", "metric_after", "metric_without_edits", "state"), rows, [data.history.about])


def point_words(point: HistoryPoint) -> str:
    """ "Step 3, Cut a3.h2 → m4: 1.23, without edits 3.02"."""
    digits = metric_digits(point.without, point.value)
    words = f"Step {point.number}, {point.words}: {number(point.value, digits)}"
    words += f", without edits {number(point.without, digits)}"
    return words + {"present": " (here)", "ahead": " (Redo leads there)"}.get(point.state, "")
