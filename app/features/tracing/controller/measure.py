"""Measure: the edges that the canvas shows are really edited, one at a time, and become solid as that comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.features.tracing.queries import EdgesMeasured, WantMeasured
from app.messages.request import Unanswered
from core.formatting import counted

if TYPE_CHECKING:
    from app.window.main_window import Window
    from views.canvas.data import CanvasData


class Measuring(QObject):
    """Of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._bench = bench = window.workbench
        self._action = window.commands["measure"]
        self._serial = 0
        self._asked: WantMeasured | None = None
        self._of: tuple[object, ...] = ()  # the state that it is of
        bench.on(EdgesMeasured, self._take)
        bench.on(Unanswered, self._take_refusal)
        bench.given_up.connect(lambda _: self._stop())
        bench.history_changed.connect(self._follow)
        self._show_able = window.circuits.show  # the strip has a link that does the same
        bench.canvas_changed.connect(self._look)
        self._action.setEnabled(False)

    def _state(self) -> tuple[object, ...]:
        """What makes the edges that were asked for worthless when it changes: their numbers are those of one model."""
        return (*self._bench.document.basis, self._bench.cut_kind)

    def _look(self, data: CanvasData) -> None:
        """Whether an edge is left to measure."""
        able = any(not mark.measured and not mark.below_noise for mark in data.edges)
        if able != self._action.isEnabled():
            self._action.setEnabled(able)
            self._show_able()

    def measure(self) -> None:
        """Measure the edges shown that are only estimated."""
        data = self._bench.drawn.canvas()
        marks = () if data is None else data.edges
        edges = tuple(mark.index for mark in marks if not mark.measured and not mark.below_noise)
        if not edges:
            self._bench.message.emit("All edges shown are measured.")
            return
        self._serial += 1
        self._asked, self._of = WantMeasured(self._serial, edges), self._state()
        self._bench.want("measured", self._asked)

    def _take(self, measured: EdgesMeasured) -> None:
        if measured.want != self._asked:
            return
        self._bench.findings.take_measured(measured.values)
        if measured.done == measured.of:
            self._stop()
            self._bench.message.emit(f"Measured {counted(len(measured.values), 'edge')}, each edited alone.")

    def _take_refusal(self, refusal: Unanswered) -> None:
        if refusal.want == self._asked:
            self._stop()
            self._bench.message.emit(refusal.words)

    def _follow(self) -> None:
        """The document is another one."""
        if self._asked is not None and self._of != self._state():
            self._stop()

    def _stop(self) -> None:
        """What is measured stays."""
        self._asked = None
        self._bench.want("measured", None)
