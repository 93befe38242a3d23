"""The figure that is shown, with its legend beside or below it. Loads pyqtgraph: made when the dock is first seen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from views.panels.plots.chart import Chart
from views.panels.plots.data import PlotsData
from views.panels.plots.legend import Legend
from views.panels.plots.plot import Plot
from views.theme import text_scale, theme_changes

BESIDE = 460  # pixels, at the usual size of text: a narrower figure has its legend below it
WIDEST, SHARE = 260, 0.34  # of a legend beside a figure: pixels, and of the whole width
LOWEST = 66  # pixels of a legend below a figure


class Stage(QWidget):
    read = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chart = Chart()
        self.legend = Legend()
        self._plot: Plot | None = None
        self._data = PlotsData()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.chart, 1)
        self._row.addWidget(self.legend)
        self.chart.read.connect(self.read)
        self.chart.threshold_let_go.connect(self._draw)  # what came meanwhile
        self.legend.hidden_changed.connect(lambda _: self._draw())
        theme_changes().changed.connect(self._restyle)

    def show_plot(self, plot: Plot, data: PlotsData) -> None:
        """Draw a figure. One that is to be seen only; what it is empty of is the panel's to say."""
        self._plot, self._data = plot, data
        self.legend.set_entries(plot.legend(data))
        self._draw()
        self._place()

    def _draw(self) -> None:
        if self._plot is not None:
            self._plot.draw(self.chart, self._data, self.legend.hidden_keys)
            self.chart.set_stale(self._plot.stale(self._data))

    def _restyle(self) -> None:
        self.chart.restyle()
        self._draw()
        self._place()

    def _place(self) -> None:
        beside = self.width() >= BESIDE * text_scale()
        ways = QBoxLayout.Direction
        self._row.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        if beside:
            self.legend.setFixedWidth(round(min(WIDEST * text_scale(), self.width() * SHARE)))
            self.legend.setMaximumHeight(16_777_215)
            self.legend.setMinimumHeight(0)
        else:
            self.legend.setMinimumWidth(0)
            self.legend.setMaximumWidth(16_777_215)
            least = self.legend.widget().sizeHint().height()
            self.legend.setFixedHeight(round(min(LOWEST * text_scale(), least + 2)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
