"""One figure of the dock *Compare Head Sets*: what is lost of one outcome without each set, by how many heads it has.
Imports pyqtgraph, which takes long: import this only when a figure is to be drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from core.studies.set_values import Curve, CurvePoint, OutcomeShown
from views.panels.head_sets.data import point_words
from views.panels.plots.axes import Axis
from views.panels.plots.choosing import ChoosingChart
from views.panels.plots.reading import Spots
from views.panels.plots.scales import SHARES, SIZE_SHARES
from views.theme_colors import Theme

COLORS = ("positive", "negative")  # of the two rankings
WEAK = 0.5  # how strong a set is drawn that has heads of the other ranking's top
LOWEST, HIGHEST = -0.5, 1.5  # shares lost: intervals are drawn within them
BESIDE = 0.018  # of the axis: the next curve lies so far to the right


def legend(outcomes: Sequence[OutcomeShown], theme: Theme) -> tuple[str, str]:
    """The curves and controls that there are with their marks, as rich text, and without."""
    curves = next((each.curves for each in outcomes if each.there), ())
    entries = [(_color(curve, theme), "●", curve.name) for curve in curves if curve.compared]
    if not all(curve.compared for curve in curves):
        entries.append((theme.color("muted"), "┄", "whole sets"))
    entries += [(theme.color("muted"), "□", "others of the same layers"), (theme.color("muted"), "◇", "random")]
    marked = (
        f"<span style='color:{color.name()}'>{sign}</span>&nbsp;{escape(words).replace(' ', '&nbsp;')}"
        for color, sign, words in entries
    )
    return " &nbsp; ".join(marked), ", ".join(words for _, _, words in entries)


def _color(curve: Curve, theme: Theme) -> QColor:
    return theme.color(COLORS[curve.ranking % len(COLORS)], 1.0 if curve.compared else WEAK)


class SetsChart(ChoosingChart):
    """A click on a point, or Enter on the one that is read, chooses the heads of its set."""

    heads_chosen = Signal(list)  # their names

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[list[CurvePoint]] = []
        self._places: list[tuple[float, float, CurvePoint]] = []

    def draw(self, outcome: OutcomeShown, chosen: frozenset[str]) -> None:
        self.setAccessibleName(f"Share of {outcome.title} that is lost, by the share of heads")
        shares = sorted({point.share for curve in outcome.curves for point in curve.points})
        scale = replace(SIZE_SHARES, round_values=tuple(shares))  # ticks where something was measured
        self.start(Axis("of all heads, ablated", scale, "of heads"), Axis("share lost", SHARES, "lost", 5))
        step = (max(shares) / min(shares)) ** BESIDE if shares and max(shares) > min(shares) else 1.02
        self._rows, self._places = [], []
        self.across(0.0, self.theme.color("muted"))
        spots: list[Spots] = []
        aside = step ** (-(len(outcome.curves) - 1) / 2)  # curves about their share, controls to the right of them
        for curve in outcome.curves:
            color = _color(curve, self.theme)
            spots.append(self._draw_row(curve.name, curve.points, color, aside, curve.compared))
            aside *= step
        for curve in outcome.curves:
            if curve.control is not None:
                color, words = _color(curve, self.theme), f"as many others of the layers of {curve.name}"
                spots.append(self._draw_row(words, (curve.control,), color, aside, True, "s"))
                aside *= step
        if outcome.random is not None:
            color = self.theme.color("muted")
            spots.append(self._draw_row("random heads", (outcome.random,), color, aside, True, "d"))
        self.add_rings()
        ends = [end for row in self._rows for point in row for end in point.lost if math.isfinite(end)]
        low, high = max(min([0.0, *ends]), LOWEST), min(max([1.0, *ends]), HIGHEST)
        self.finish([row for row in spots if len(row.xs)], QRectF(shares[0] if shares else 0.1, low, 0.0, high - low))
        self.ring(chosen)

    def _draw_row(
        self, name: str, points: Sequence[CurvePoint], color: QColor, aside: float, full: bool, mark: str = ""
    ) -> Spots:
        """One curve, or a control that is a single mark, each point with its interval."""
        known = [point for point in points if math.isfinite(point.lost.value)]
        xs = np.array([point.share * aside for point in known])
        ys = np.array([point.lost.value for point in known])
        for x, point in zip(xs, known, strict=True):
            if math.isfinite(point.lost.low):
                low, high = (min(max(end, LOWEST), HIGHEST) for end in point.lost[1:])
                self.line([x, x], [low, high], color, 1.4)
        if mark:
            self.points(xs, ys, color, 8.0, mark, hollow=True)
        elif len(known):
            self.line(xs, ys, color, 2.2 if full else 1.4, "o", dashed=not full)
        if len(known):
            self._rows.append(known)
            self._places += [(float(x), float(y), point) for x, y, point in zip(xs, ys, known, strict=True)]
        return Spots(xs, ys, tuple(point_words(name, point) for point in known))

    def ring(self, chosen: frozenset[str]) -> None:
        """Mark the sets whose heads are those that are selected."""
        marked = [(x, y) for x, y, point in self._places if chosen and frozenset(point.heads) == chosen]
        self.ring_at([x for x, _ in marked], [y for _, y in marked])

    def point_of(self, name: str, share: float) -> tuple[float, float]:
        """Where a point is drawn, as values. name: words that it begins with."""
        rows = zip(self._reading.rows, self._rows, strict=True)
        row, points = next((row, points) for row, points in rows if row.words[0].startswith(f"{name}, "))
        place = [point.share for point in points].index(share)
        return float(row.xs[place]), float(row.ys[place])

    def choose(self, row: int, place: int) -> None:
        if heads := self._rows[row][place].heads:
            self.heads_chosen.emit(list(heads))
