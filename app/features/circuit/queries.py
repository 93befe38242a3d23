"""What the window asks about circuits, and the replies. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.messages.request import OneShotQuery, Query
from core.project.curves import CurveRecord
from core.project.document import Document


@dataclass(frozen=True)
class SmallestQuery(OneShotQuery):
    """The smallest circuit of the ranking shown that recovers at least a share of the behaviour, 0 to 1."""

    share: float
    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.circuits


@dataclass(frozen=True)
class SmallestReply:
    """size: edges of the circuit; None where no circuit recovers it. share: what it recovers; before: what one edge
    less does. edges: of the graph."""

    number: int
    query: SmallestQuery
    size: int | None
    share: float
    before: float
    edges: int


@dataclass(frozen=True)
class CircuitRunQuery(Query):
    """What the document's circuit recovers."""

    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.circuits, document.size


@dataclass(frozen=True)
class CurveQuery(Query):
    """What circuits of all sizes recover. known: from a project, of what the document is of; it is not made anew."""

    known: CurveRecord | None = field(default=None, compare=False)
    of_scores = True

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.circuits
