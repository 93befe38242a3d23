"""A figure whose points stand for what can be chosen: a click on one, or Enter on the one that is read, chooses it, and
rings mark what is chosen. Imports pyqtgraph, as `chart`."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from views.panels.plots.chart import Chart


class ChoosingChart(Chart):
    """A subclass draws, calls `add_rings` before it has finished, and says what a point chooses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._ring: Any = None  # `restyle` is called while the chart is made
        super().__init__(parent)
        self._ring = pg.ScatterPlotItem(size=17, pxMode=True)
        self._ring.setZValue(90)
        self.restyle()
        self.scene().sigMouseClicked.connect(self._click)

    def choose(self, row: int, place: int) -> None:
        """What a point of what can be read chooses."""
        raise NotImplementedError

    def restyle(self) -> None:
        super().restyle()
        if self._ring is not None:
            self._ring.setPen(pg.mkPen(self.theme.selection, width=2.5))
            self._ring.setBrush(pg.mkBrush(None))

    def add_rings(self) -> None:
        self.addItem(self._ring, ignoreBounds=True)

    def ring_at(self, xs: Any, ys: Any) -> None:
        """Mark points, by their values."""
        self._ring.setData(*self.places(xs, ys))

    def ringed(self) -> int:
        """How many are marked."""
        return len(self._ring.data)

    def _click(self, event: Any) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not event.double():
            self._point_at(event.scenePos())
            if self._reading.at is not None:
                self.choose(*self._reading.at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._reading.at is not None:
            self.choose(*self._reading.at)
            event.accept()
        else:
            super().keyPressEvent(event)
