"""How far a circuit can be trusted, asked in the window and by programs."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import Query
from core.evaluation.statement import Statement
from core.project.document import Document

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
