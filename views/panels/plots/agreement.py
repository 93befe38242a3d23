"""Estimated against measured: whether the estimates can be trusted, and where they mislead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.formatting import change_words, counted, gap_words, is_below_noise, number, pretty_name
from views.panels.plots.data import AgreementData, PlotsData, Rows
from views.panels.plots.plot import Entry
from views.panels.plots.reading import Spots

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart


class AgreementPlot:
    key = "agreement"
    title = "Estimates"
    tip = "The effect of removing an edge, as estimated and as really measured: on the line the two agree"

    def empty(self, data: PlotsData) -> str:
        if data.agreement.count:
            return ""
        return (
            "No edge is both estimated and measured yet: Measure (M) really edits the edges shown, one at a time. "
            "After a method that measures every edge, all of them are here."
        )

    def caption(self, data: PlotsData) -> str:
        return data.agreement.about.words

    def note(self, data: PlotsData) -> str:
        shown = data.agreement
        if not shown.count:
            return ""
        parts = [counted(shown.count, "edge")]
        if shown.correlation is not None:
            parts.append(f"correlation {number(shown.correlation)}")
        parts.append(f"wrong sign at {shown.wrong_sign:,}")
        return "; ".join([*parts, *([shown.note] if shown.note else [])])

    def stale(self, data: PlotsData) -> bool:
        return False  # what is of another state is not kept

    def legend(self, data: PlotsData) -> list[Entry]:
        shown = data.agreement
        if not shown.count:
            return []
        entries = [Entry("an edge", "positive", "o"), Entry("estimate = measurement", "muted", "dashed")]
        if shown.outliers:
            entries.insert(1, Entry("named: farthest off", "negative", "o"))
        if any(is_below_noise(value, shown.floor) for value in shown.measured.tolist()):
            entries.append(Entry("below noise: may be rounding", "neutral", "o"))
        return entries

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        from views.panels.plots.axes import Axis

        shown, look = data.agreement, chart.theme
        chart.start(
            Axis("estimated effect of removing the edge", short="estimated"), Axis("measured effect", short="measured")
        )
        estimated, measured = shown.estimated, shown.measured
        ends = np.array([min(estimated.min(), measured.min(), 0.0), max(estimated.max(), measured.max(), 0.0)])
        chart.line(ends, ends, look.color("muted", 0.8), 1.4, dashed=True)
        for upright in (True, False):
            chart.across(0.0, look.color("faint"), upright)
        out = np.zeros(len(estimated), dtype=bool)
        out[list(shown.outliers)] = True
        lost = np.abs(measured) < shown.floor
        small = 4.0 if len(estimated) > 400 else 6.0
        for chosen, color, alpha in ((lost & ~out, "neutral", 0.8), (~lost & ~out, "positive", 0.75)):
            if chosen.any():
                chart.points(estimated[chosen], measured[chosen], look.color(color, alpha), small)
        if out.any():
            chart.points(estimated[out], measured[out], look.color("negative"), 7.5)
        for place in shown.outliers:
            chart.name(estimated[place], measured[place], pretty_name(shown.names[place]))
        words = tuple(point_words(shown, place) for place in range(len(shown.names)))
        chart.finish([Spots(estimated, measured, words)])

    def rows(self, data: PlotsData) -> Rows:
        shown = data.agreement
        named = set(shown.outliers)
        rows = [
            (name, estimated, measured, int(place in named))
            for place, (name, estimated, measured) in enumerate(
                zip(shown.names, shown.estimated.tolist(), shown.measured.tolist(), strict=True)
            )
        ]
        return Rows(("edge", "estimated_effect", "measured_effect", "outlier"), rows, [shown.about])


def point_words(shown: AgreementData, place: int) -> str:
    """ "a0.h1 → m2: estimated −0.41, measured −0.62. The estimate is 34 % too small."."""
    estimated, measured = float(shown.estimated[place]), float(shown.measured[place])
    words = f"{pretty_name(shown.names[place])}: estimated {change_words(estimated)}, measured {change_words(measured)}"
    if is_below_noise(measured, shown.floor):
        return f"{words}, below noise ({shown.floor:.2g})"
    return f"{words}. {gap_words(estimated, measured)}"
