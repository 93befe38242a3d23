"""One figure of the dock *Checkpoints*: lines over the steps, and the step that is open as a line to drag. Imports
pyqtgraph, which takes long: import this only when a figure is to be drawn."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.formatting import number
from core.groups import GROUP_COLORS
from views.panels.checkpoints.data import CurvePlot
from views.panels.plots.axes import Axis
from views.panels.plots.chart import Chart
from views.panels.plots.reading import Spots
from views.panels.plots.scales import COUNTS
from views.widgets.text import wrapped

COLORS = ("positive", *GROUP_COLORS)
MARKS = ("o", "s", "t", "d")
SIGNS = ("●", "■", "▼", "◆")  # the same as text


class StepFigure(QWidget):
    """A figure under the names of its lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names = wrapped()
        self.names.setTextFormat(Qt.TextFormat.RichText)
        self.chart = StepChart(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.names)
        layout.addWidget(self.chart, 1)

    def draw(self, plot: CurvePlot, steps: tuple[int, ...], at: int | None, stale: bool) -> None:
        """steps: of all checkpoints. at: the one that is open."""
        parts = []
        for place, line in enumerate(plot.lines):
            color = self.chart.theme.color(COLORS[place % len(COLORS)]).name()
            parts.append(f"<span style='color:{color}'>{SIGNS[place % len(SIGNS)]}</span>&nbsp;{escape(line.words)}")
        self.names.setText(" &nbsp; ".join(parts))
        self.names.setAccessibleName(", ".join(line.words for line in plot.lines))
        self.chart.draw(plot, steps, at, stale)


class StepChart(Chart):
    step_wanted = Signal(int)  # the number of a checkpoint

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[int, ...] = ()
        self.threshold_moved.connect(self._want)

    def draw(self, plot: CurvePlot, steps: tuple[int, ...], at: int | None, stale: bool) -> None:
        """steps: of all checkpoints. at: the one that is open."""
        if self.is_dragged():
            return
        self._steps = steps
        self.setAccessibleName(plot.title)
        self.start(Axis("step of training", COUNTS, "step"), Axis(plot.title, short=plot.short))
        spots = []
        for place, line in enumerate(plot.lines):
            xs, ys = np.asarray(plot.steps, dtype=np.float64), np.asarray(line.values, dtype=np.float64)
            there = np.isfinite(ys)
            if not there.any():
                continue
            color = self.theme.color(COLORS[place % len(COLORS)])
            self.line(xs[there], ys[there], color, 2.0, MARKS[place % len(MARKS)], dashed=place == 1)
            words = tuple(
                f"Step {int(x):,}, {line.words}: {number(float(y))}" for x, y in zip(xs[there], ys[there], strict=True)
            )
            spots.append(Spots(xs[there], ys[there], words))
        if at is not None:
            self.threshold(float(at), chosen=True)
        self.finish(spots)
        self.set_stale(stale)

    def _want(self, value: float) -> None:
        """The checkpoint nearest to where the line was dragged."""
        places = COUNTS.to(np.asarray(self._steps, dtype=np.float64))
        self.step_wanted.emit(int(np.abs(places - COUNTS.place(value)).argmin()))
