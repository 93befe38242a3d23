"""The window's side of the matrix of tasks: asks for the comparison of all tasks of the model, and shows it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.trust.queries import COMPARING, TasksQuery, TasksReply
from app.messages.request import QueryRefusal
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.formatting import percent
from core.project.document import Document
from views.panels.trust.data import TasksData, TasksMatrix
from views.panels.trust.panel import TrustPanel

FEW = "This model has fewer than two built-in tasks of text to compare."


class TasksController(QObject):
    """What was found stays until another model is opened."""

    def __init__(self, workbench: Workbench, panel: TrustPanel) -> None:
        super().__init__(panel)
        self._workbench, self._section = workbench, panel.all_tasks
        self._one_shot = OneShot[TasksQuery](workbench, "tasks")
        self._matrix: TasksMatrix | None = None
        self._problem, self._share = "", 0.0
        self._section.compare.clicked.connect(self._press)
        workbench.on(TasksReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.working.connect(self._take_working)
        workbench.given_up.connect(lambda _: self._show())  # what was asked is dropped then
        workbench.document_changed.connect(self._follow)
        workbench.model_opened.connect(lambda _: self._show())
        self._show()

    def _press(self) -> None:
        if self._one_shot.asked is not None:
            self._workbench.cancel()
            return
        self._matrix, self._problem, self._share = None, "", 0.0
        self._one_shot.ask(TasksQuery(choose=self._section.way()))
        self._show()

    def _take(self, reply: TasksReply) -> None:
        if self._one_shot.ends(reply.query):
            self._matrix = reply.matrix
            self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._one_shot.ends(refusal.query):
            self._problem = refusal.words
            self._show()

    def _take_working(self, words: str, share: float | None) -> None:
        if self._one_shot.asked is not None and words == COMPARING and share is not None:
            self._share = share
            self._show()

    def _follow(self, before: Document, document: Document) -> None:
        if before.opens != document.opens:
            self._matrix, self._problem = None, ""
            self._one_shot.drop()
            self._show()

    @property
    def _able(self) -> bool:
        opened = self._workbench.opened
        return opened is not None and opened.is_text and len(opened.tasks) > 1

    def _show(self) -> None:
        running = "" if self._one_shot.asked is None else f"{COMPARING}: {percent(self._share)} …"
        few = FEW if self._workbench.opened is not None and not self._able else ""
        self._section.show_tasks(TasksData(self._able, self._problem or few, running, self._matrix))
