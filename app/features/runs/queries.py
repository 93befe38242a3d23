"""What the window asks of a run that is to be made anew, and the reply."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.project.document import Document


@dataclass(frozen=True)
class ForgetQuery(OneShotQuery):
    """Forget what was found of the present state, so that it is found out anew. scores: those of its edges too."""

    scores: bool

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.circuits, document.traced_nodes


@dataclass(frozen=True)
class ForgetReply:
    number: int
    query: ForgetQuery
