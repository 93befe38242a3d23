"""What the window asks about a repair, and the replies. Imports no model library.

A repair takes long, and the window is to be used meanwhile, so it does not run in the worker's thread, but beside it. A
request that gives way to a newer one leaves it running; the next one that asks the same joins it again. The query's
signal stops it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.messages.request import OneShotQuery
from app.messages.stop_signal import StopSignal
from core.project.document import Document
from core.project.repairs import Example as Example
from core.project.repairs import Figures as Figures
from core.project.repairs import KeptRepair
from core.project.repairs import Share as Share


@dataclass(frozen=True)
class ExamplesQuery(OneShotQuery):
    """The examples of a file, or of a folder of pictures by class."""

    path: str = ""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class ExamplesReply:
    number: int
    query: ExamplesQuery
    examples: tuple[Example, ...]
    words: str


@dataclass(frozen=True)
class AnswersQuery(OneShotQuery):
    """What the model, without edits, answers to examples."""

    examples: tuple[Example, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class Answered:
    """given: what the model answers; right: whether that is the right answer. problem: why it cannot be asked, or used
    in a repair."""

    given: str = ""
    right: bool | None = None
    problem: str = ""


@dataclass(frozen=True)
class AnswersReply:
    """By example, as far as they are known."""

    number: int
    query: AnswersQuery
    answers: tuple[Answered, ...]
    done: bool


@dataclass(frozen=True)
class RepairQuery(OneShotQuery):
    """Find the cuts that take the fault of the triggered examples away. budget: the share of the clean accuracy that
    this may cost. knowledge: of the fault, as `ws.repair` takes it."""

    examples: tuple[Example, ...] = ()
    budget: float = 0.005
    level: str = "edges"
    knowledge: str = "triggered"
    stop: StopSignal = field(default_factory=StopSignal, compare=False)

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class RepairProgress:
    number: int
    query: RepairQuery
    phase: str
    share: float


@dataclass(frozen=True)
class RepairReply:
    number: int
    query: RepairQuery
    made: KeptRepair


@dataclass(frozen=True)
class ExportRepairQuery(OneShotQuery):
    """Write a repaired model to a new folder."""

    folder: str = ""
    made: KeptRepair | None = None

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class ExportRepairReply:
    """form: whether the cuts are in the weights, or in hooks beside them. reasons: why not in the weights."""

    number: int
    query: ExportRepairQuery
    form: str
    reasons: tuple[str, ...] = ()
