"""The axes of a figure: ticks where their scale has them. Imports pyqtgraph."""

from __future__ import annotations

from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtGui import QPainter

from views.panels.plots.scales import STRAIGHT, Scale
from views.theme import text_scale


@dataclass(frozen=True)
class Axis:
    """words: what it counts; short: the same where there is less room. most: ticks, at most."""

    words: str
    scale: Scale = STRAIGHT
    short: str = ""
    most: int = 7


class ScaledAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis with ticks where its scale has them."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.axis = Axis("")

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        room = 60.0 if self.orientation in ("bottom", "top") else 26.0
        most = max(min(int(size / (room * text_scale())), self.axis.most), 2)
        return [(1.0, self.axis.scale.ticks(minVal, maxVal, most))]

    def paint(self, painter: QPainter, *_: object) -> None:
        """Without pyqtgraph's stored picture, which comes out in another size on a device of another resolution."""
        specs = self.generateDrawSpecs(painter)
        if specs is not None:
            self.drawPicture(painter, *specs)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self.axis.scale.words(self.axis.scale.value(value)) for value in values]
