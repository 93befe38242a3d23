"""Measure: the edges that the canvas shows are really edited, one at a time, and become solid as that comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.features.tracing.queries import MeasuredQuery, MeasuredReply
from app.messages.request import QueryRefusal
from core.formatting import counted

if TYPE_CHECKING:
    from app.window.main_window import Window
    from views.canvas.data import CanvasData


class MeasureController(QObject):
    """Of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._workbench = workbench = window.workbench
        self._action = window.commands["measure"]
        self._serial = 0
        self._asked: MeasuredQuery | None = None
        self._of: tuple[object, ...] = ()  # the state that it is of
        workbench.on(MeasuredReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.given_up.connect(lambda _: self._stop())
        workbench.history_changed.connect(self._follow)
        self._show_able = window.circuits.show  # the strip has a link that does the same
        workbench.canvas_changed.connect(self._look)
        self._action.setEnabled(False)

    def _state(self) -> tuple[object, ...]:
        """What makes the edges that were asked for worthless when it changes: their numbers are those of one model."""
        return (*self._workbench.document.basis, self._workbench.cut_kind)

    def _look(self, data: CanvasData) -> None:
        """Whether an edge is left to measure."""
        able = any(not mark.measured and not mark.below_noise for mark in data.edges)
        if able != self._action.isEnabled():
            self._action.setEnabled(able)
            self._show_able()

    def measure(self) -> None:
        """Measure the edges shown that are only estimated."""
        data = self._workbench.drawn.canvas()
        marks = () if data is None else data.edges
        edges = tuple(mark.index for mark in marks if not mark.measured and not mark.below_noise)
        if not edges:
            self._workbench.message.emit("All edges shown are measured.")
            return
        self._serial += 1
        self._asked, self._of = MeasuredQuery(self._serial, edges), self._state()
        self._workbench.set_query("measured", self._asked)

    def _take(self, measured: MeasuredReply) -> None:
        if measured.query != self._asked:
            return
        self._workbench.results.take_measured(measured.values)
        if measured.done == measured.of:
            self._stop()
            self._workbench.message.emit(f"Measured {counted(len(measured.values), 'edge')}, each edited alone.")

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if refusal.query == self._asked:
            self._stop()
            self._workbench.message.emit(refusal.words)

    def _follow(self) -> None:
        """The document is another one."""
        if self._asked is not None and self._of != self._state():
            self._stop()

    def _stop(self) -> None:
        """What is measured stays."""
        self._asked = None
        self._workbench.set_query("measured", None)
