"""What the window asks about how far to trust a circuit, and the replies. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery, Query
from core.evaluation.statement import Statement
from core.project.document import Document
from views.panels.trust.data import TasksMatrix

EVALUATING = "Evaluating the circuit"  # while that is done


@dataclass(frozen=True)
class TrustQuery(Query):
    """Evaluate the circuit of the best `size` edges. serial tells one asking from the next."""

    serial: int
    size: int

    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.circuits, document.size


@dataclass(frozen=True)
class TrustReply:
    """statements: those that are known. waiting: the questions that are not answered yet. pairs: it was evaluated
    on. stability: the share of its edges that circuits of other pairs have too, where that is known."""

    number: int
    query: TrustQuery
    statements: tuple[Statement, ...]
    waiting: tuple[str, ...]
    pairs: int
    stability: float | None = None


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
