"""Measure: the edges that the canvas shows are really edited, one at a time, and become solid as that comes."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.tracing.queries import MeasuredQuery, MeasuredReply
from app.messages.request import QueryRefusal
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.formatting import counted
from core.project.document import Document
from views.canvas.data import CanvasData


class MeasureController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(workbench)
        self._workbench = workbench
        self._started = 0.0
        self._measuring: OneShot[MeasuredQuery] = OneShot(workbench, "measured")
        workbench.on(MeasuredReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.document_changed.connect(self._follow)

    def measure(self) -> None:
        """Measure the edges shown that are only estimated."""
        edges = left_to_measure(self._workbench.presenter.canvas())
        if not edges:
            self._workbench.message.emit("All edges shown are measured.")
            return
        self._started = time.monotonic()
        self._measuring.ask(MeasuredQuery(edges))

    def _take(self, measured: MeasuredReply) -> None:
        if measured.query != self._measuring.asked:
            return
        self._workbench.results.take_measured(measured.values)
        if measured.done == measured.of:
            self._measuring.drop()
            edges = counted(len(measured.values), "edge")
            self._workbench.runs.add("scan", time.monotonic() - self._started, f"{edges} measured")
            self._workbench.message.emit(f"Measured {edges}, each edited alone.")

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._measuring.ends(refusal.query):
            self._workbench.message.emit(refusal.words)

    def _follow(self, before: Document, document: Document) -> None:
        """What was asked for goes on beside other edits, and no further; what is measured stays."""
        before, document, asked = replace(before, edits=()), replace(document, edits=()), self._measuring.asked
        if asked is not None and not asked.holds(before, document):
            self._measuring.drop()


def left_to_measure(data: CanvasData | None) -> tuple[int, ...]:
    """The edges of a canvas that are only estimated."""
    marks = () if data is None else data.edges
    return tuple(mark.index for mark in marks if not mark.measured and not mark.below_noise)
