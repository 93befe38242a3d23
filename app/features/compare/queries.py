"""What the window asks about two circuits, and the replies. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.compared import Compared
from app.messages.request import OneShotQuery
from core.project.document import Document


@dataclass(frozen=True)
class OnInputs:
    """What both circuits, run alone, recover on the inputs of one of them (first: 0, second: 1), with its model, its
    metric and what removed edges carry there. shares, random: of both, and of as many random edges. pairs: of the
    dataset; 0: one pair. problem: why it cannot be found out."""

    of: int
    shares: tuple[float, float] = (0.0, 0.0)
    random: tuple[float, float] = (0.0, 0.0)
    pairs: int = 0
    problem: str = ""


@dataclass(frozen=True)
class CompareQuery(OneShotQuery):
    """What each of two circuits recovers on the inputs of both."""

    circuits: tuple[Compared, Compared]

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return ()


@dataclass(frozen=True)
class CompareReply:
    """recoveries: so far. done: all of it is there."""

    number: int
    query: CompareQuery
    recoveries: tuple[OnInputs, ...]
    done: bool


@dataclass(frozen=True)
class CircuitFileQuery(OneShotQuery):
    """Read a circuit of a file for the model that is open. size: of the circuit that is taken where the file has scores
    of all edges."""

    path: str
    size: int

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class CircuitFileReply:
    number: int
    query: CircuitFileQuery
    circuit: Compared
