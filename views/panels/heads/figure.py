"""The scatter of the dock *Heads*: a dot for each head, those with a label in its colour. Imports pyqtgraph, which
takes long: import this only when a figure is to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QWidget

from core.groups import GROUP_COLORS
from views.panels.heads.data import NONE, HeadRow, HeadsData, dot_words
from views.panels.plots.axes import Axis
from views.panels.plots.choosing import ChoosingChart
from views.panels.plots.reading import Array, Spots
from views.theme_colors import Theme

COLORS = ("positive", *GROUP_COLORS)
MARKS = ("o", "s", "t", "d", "t1", "h")
SIGNS = ("●", "■", "▼", "◆", "▲", "⬢")  # the same as text
MUTED = 0.45  # how strong a head without a label is drawn


def legend(data: HeadsData, theme: Theme) -> tuple[str, str]:
    """The labels that there are with their marks, as rich text, and without."""
    there = sorted({row.kind for row in data.rows if row.kind is not None})
    entries = [(theme.color(COLORS[kind % len(COLORS)]), SIGNS[kind % len(SIGNS)], data.kinds[kind]) for kind in there]
    entries.append((theme.color("muted", MUTED), "●", NONE))
    entries.append((theme.color("muted"), "┄", "what a label needs"))
    marked = (
        f"<span style='color:{color.name()}'>{sign}</span>&nbsp;{escape(words).replace(' ', '&nbsp;')}"
        for color, sign, words in entries
    )
    return " &nbsp; ".join(marked), ", ".join(words for _, _, words in entries)


class HeadsChart(ChoosingChart):
    """A click on a dot, or Enter on the one that is read, chooses its head. One without both scores has no dot: a place
    that is no number brings pyqtgraph down with the window."""

    head_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[HeadRow] = []  # that have a dot
        self.setAccessibleName("All heads by two scores")

    def draw(self, data: HeadsData) -> None:
        self._rows = [row for row in data.rows if row.x is not None and row.y is not None]
        across, up = data.axis(data.across), data.axis(data.up)
        self.start(Axis(across.words), Axis(up.words))
        for axis, upright in ((across, True), (up, False)):
            if axis.least is not None:
                self.across(axis.least, self.theme.color("muted"), upright)
        xs, ys = _places(self._rows)
        kinds = np.array([-1 if row.kind is None else row.kind for row in self._rows], dtype=int)
        for kind in np.unique(kinds).tolist():  # those without a label lie below
            of = kinds == kind
            if kind < 0:
                self.points(xs[of], ys[of], self.theme.color("muted", MUTED), 5.0)
            else:
                color = self.theme.color(COLORS[kind % len(COLORS)])
                self.points(xs[of], ys[of], color, 9.0, MARKS[kind % len(MARKS)])
        words = tuple(dot_words(row, data) for row in self._rows)
        self.add_rings()
        self.finish([Spots(xs, ys, words)], QRectF(0, 0, 1, 1))
        self.ring(data.chosen)

    def ring(self, chosen: Sequence[str]) -> None:
        """Mark the heads that are selected."""
        self.ring_at(*_places([row for row in self._rows if row.name in chosen]))

    def choose(self, row: int, place: int) -> None:
        self.head_chosen.emit(self._rows[place].name)


def _places(rows: Sequence[HeadRow]) -> tuple[Array, Array]:
    """The scores of both axes, [rows] each."""
    return np.array([row.x for row in rows], dtype=float), np.array([row.y for row in rows], dtype=float)
