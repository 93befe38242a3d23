"""Faithfulness curves: what circuits of all sizes recover, of several methods and runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF

from core.formatting import counted, share_words
from core.groups import GROUP_COLORS
from views.panels.plots.data import CurveLine, CurvesData, PlotsData, Rows
from views.panels.plots.plot import Entry
from views.panels.plots.reading import Spots
from views.panels.plots.scales import SHARES, SIZE_SHARES, SIZES

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart

COLORS = ("positive", *GROUP_COLORS)
MARKS = ("o", "s", "t", "d", "t1", "p", "star")
FADED = 0.55
HIGHEST, LOWEST = 1.5, -0.5  # of the behaviour: what lies beyond is reached by zooming out


class CurvesPlot:
    key = "curves"
    title = "Curves"
    tip = "What circuits of all sizes recover: each trace of this session is a line"

    def empty(self, data: PlotsData) -> str:
        if data.curves.lines:
            return ""
        return "No curve yet: Trace (T) scores all edges and runs circuits of all sizes. Each trace adds a line here."

    def caption(self, data: PlotsData) -> str:
        present = any(line.present for line in data.curves.lines)
        words = data.curves.about.words
        return words if present or not words else f"{words}: no curve yet. Drawn are earlier ones"

    def note(self, data: PlotsData) -> str:
        line = next((line for line in data.curves.lines if line.present), None)
        parts = [] if line is None else [f"{line.area}; best at 100 % with few edges"]
        if data.curves.left_out:
            parts.append(f"{counted(data.curves.left_out, 'older curve')} let go")
        return ". ".join(parts)

    def stale(self, data: PlotsData) -> bool:
        return bool(data.curves.lines) and not any(line.present for line in data.curves.lines)

    def legend(self, data: PlotsData) -> list[Entry]:
        entries = [_entry(line) for line in data.curves.lines]
        banded = next((line for line in data.curves.lines if line.present and line.band is not None), None)
        if banded is not None:
            entries.append(Entry("random edges, of " + banded.name, "neutral", "band"))
        return entries

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        from views.panels.plots.axes import Axis

        curves = data.curves
        by_share = _by_share(curves)
        below = Axis("share of the edges kept", SIZE_SHARES) if by_share else Axis("edges kept", SIZES)
        chart.start(below, Axis("recovered", SHARES))
        look, spots = chart.theme, []
        shown = [line for line in curves.lines if line.slot not in hidden]
        for line in sorted(shown, key=lambda line: line.present):  # the present one lies on top
            xs = _xs(line, by_share)
            color = look.color(color_of(line), 1.0 if line.same else FADED)
            if line.present and line.band is not None:
                chart.band(xs, line.band[0], line.band[1], look.color("neutral", 0.25))
            if line.present and line.sure is not None:
                chart.band(xs, line.sure[0], line.sure[1], look.color(color_of(line), 0.18))
            dashed = not line.same
            chart.line(xs, line.recovered, color, 2.6 if line.present else 1.6, mark_of(line), dashed)
            words = tuple(point_words(line, place) for place in range(len(line.sizes)))
            spots.append(Spots(xs, np.array(line.recovered), words))
        for share in (0.0, 1.0):
            chart.across(share, look.color("muted", 0.7))
        chart.finish(spots, self._room(shown, by_share))

    def _room(self, lines: list[CurveLine], by_share: bool) -> QRectF | None:
        if not lines:
            return None
        xs = np.concatenate([_xs(line, by_share) for line in lines])
        return QRectF(float(xs.min()), -0.03, float(xs.max() - xs.min()), 1.08)

    def rows(self, data: PlotsData) -> Rows:
        rows: list[tuple[object, ...]] = []
        abouts = []
        for line in data.curves.lines:
            for place, size in enumerate(line.sizes):
                band = ("", "") if line.band is None else tuple(_finite(value) for value in line.band[:, place])
                rows.append((line.name, size, line.edges, line.recovered[place], *band, int(line.present)))
                abouts.append(line.about)
        head = ("curve", "edges_kept", "edges", "recovered", "random_lowest", "random_highest", "present")
        return Rows(head, rows, abouts)


def color_of(line: CurveLine) -> str:
    return COLORS[line.slot % len(COLORS)]


def mark_of(line: CurveLine) -> str:
    """Another one too, as colours come again."""
    return MARKS[line.slot % len(MARKS)]


def _entry(line: CurveLine) -> Entry:
    same = line.same
    kind = "The present one" if line.present else "Of the same inputs" if same else "Of another state"
    tip = f"{kind}: {line.about.words}\n{line.area}".strip()
    name = line.name if same else f"{line.name} (earlier)"
    return Entry(name, color_of(line), mark_of(line), line.slot, tip, not same, joined=True)


def _by_share(curves: CurvesData) -> bool:
    """Graphs of different sizes have the share of their edges in common."""
    return len({line.edges for line in curves.lines}) > 1


def _xs(line: CurveLine, by_share: bool) -> np.ndarray:
    sizes = np.maximum(np.array(line.sizes, dtype=np.float64), 0.5)  # a logarithmic scale has no nought
    return sizes / line.edges if by_share else sizes


def point_words(line: CurveLine, place: int) -> str:
    """One point as it is read: "EAP-IG, 353 of 70,651 edges (0.50 %): 87 %; random ones 2 % to 5 %"."""
    size = line.sizes[place]
    words = f"{line.name}: {size:,} of {line.edges:,} edges ({100 * size / line.edges:.2g} %) recover "
    words += share_words(line.recovered[place])
    if line.sure is not None:
        low, high = line.sure[:, place].tolist()
        words += f" (95 %: {share_words(low)} to {share_words(high)})"
    if line.band is not None and not math.isnan(line.band[0, place]):
        low, high = line.band[:, place].tolist()
        words += f"; random ones {share_words(low)} to {share_words(high)}"
    return words


def _finite(value: float) -> object:
    return value if math.isfinite(value) else ""
