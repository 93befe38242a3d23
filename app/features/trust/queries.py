"""What the window asks about the cuts of a model's tasks, and the reply. `handlers` serves it; what is asked of one
circuit is `app.messages.trust`."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document
from views.panels.trust.data import TasksMatrix

COMPARING = "Comparing the tasks"  # while that is done


@dataclass(frozen=True)
class TasksQuery(OneShotQuery):
    """Cut edges of each of the model's tasks, and see what all of them lose. choose: which edges."""

    choose: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class TasksReply:
    number: int
    query: TasksQuery
    matrix: TasksMatrix
