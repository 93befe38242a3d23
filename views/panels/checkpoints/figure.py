"""One figure of the dock *Checkpoints*: lines over the steps, and the step that is open as a line to drag. Imports
pyqtgraph, which takes long: import this only when a figure is to be drawn."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.formatting import number
from core.groups import GROUP_COLORS
from views.panels.checkpoints.data import CurvePlot
from views.panels.plots.axes import Axis
from views.panels.plots.chart import Chart
from views.panels.plots.reading import Spots
from views.panels.plots.scales import COUNTS

COLORS = ("positive", *GROUP_COLORS)
MARKS = ("o", "s", "t", "d")


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
        self.start(Axis("step of training", COUNTS, "step"), Axis(plot.title, short=plot.title[:18]))
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
            self.name(float(xs[there][-1]), float(ys[there][-1]), line.words)
        if at is not None:
            self.threshold(float(at), chosen=True)
        self.finish(spots)
        self.set_stale(stale)

    def _want(self, value: float) -> None:
        """The checkpoint nearest to where the line was dragged."""
        places = COUNTS.to(np.asarray(self._steps, dtype=np.float64))
        self.step_wanted.emit(int(np.abs(places - COUNTS.place(value)).argmin()))
