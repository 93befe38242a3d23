"""What the window asks about a repair, and the replies. Imports no model library.

A repair takes long, and the window is to be used meanwhile, so it does not run in the worker's thread: the query brings
a `Work` along, which runs beside it. A request that gives way to a newer one leaves it running; the next one that asks
the same joins it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.messages.request import OneShotQuery
from core.edits import Edit
from core.errors import Cancelled
from core.project.document import Document, PairSource

Told = Callable[[str, float], None]  # the phase, and the share of it that is done
Stopped = Callable[[], bool]


@dataclass(frozen=True)
class Example:
    """input: a text, or the path of a picture. answer: the right one; "" where it is not known. triggered: whether the
    fault is expected."""

    input: str
    answer: str | int
    triggered: bool = False

    @property
    def asks(self) -> tuple[str, str | int]:
        """What its answer is known by, however it is marked."""
        return self.input, self.answer


class Work:
    """Something that runs once, in a thread of its own. phase, share: where it is."""

    def __init__(self) -> None:
        self.phase, self.share = "", 0.0
        self.stop = threading.Event()
        self.over = threading.Event()
        self._thread: threading.Thread | None = None
        self._result: Any = None
        self._error: BaseException | None = None

    def begin(self, do: Callable[[Told, Stopped], Any]) -> None:
        """Start it, unless it runs already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(do,), name="wirescope-repair", daemon=True)
            self._thread.start()

    def result(self) -> Any:
        """What it came to, when it is over. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result

    def end(self, seconds: float = 10.0) -> None:
        """Stop it and wait for its end."""
        self.stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _tell(self, phase: str, share: float) -> None:
        self.phase, self.share = phase, share

    def _run(self, do: Callable[[Told, Stopped], Any]) -> None:
        try:
            self._result = do(self._tell, self.stop.is_set)
        except BaseException as error:
            self._error = error
        if self.stop.is_set():
            self._error = Cancelled()
        self.over.set()


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
    """found: what the model answers; right: whether that is the right answer. problem: why it cannot be asked, or used
    in a repair."""

    found: str = ""
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
    work: Work = field(default_factory=Work, compare=False)

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class RepairProgress:
    number: int
    query: RepairQuery
    phase: str
    share: float


@dataclass(frozen=True)
class Share:
    """How many of how many, and the interval of 95 % of the share."""

    count: int
    of: int
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """misbehaviour: triggered examples that are answered wrongly. accuracy: clean ones that are answered rightly.
    divergence: mean KL from the original's answers to clean inputs, in nats."""

    misbehaviour: Share
    accuracy: Share
    divergence: float | None = None


@dataclass(frozen=True)
class Found:
    """A repair. edits: its cuts. knowledge: of the fault. used, held_out: on the examples that it was made with, and on
    held-out ones; the second of each after the repair. means: the clean inputs that means are taken over; uneven:
    whether the canvas takes these otherwise than the repaired model. repeats: examples that were left out.
    repair: the `ws.Repair` itself, which only the worker looks into."""

    edits: tuple[Edit, ...]
    level: str
    knowledge: str
    budget: float
    used: tuple[Figures, Figures]
    held_out: tuple[Figures, Figures]
    edges_cut: int
    edges: int
    repeats: int
    seconds: float
    means: tuple[PairSource, ...]
    uneven: bool
    repair: Any = field(compare=False, repr=False)


@dataclass(frozen=True)
class RepairReply:
    number: int
    query: RepairQuery
    found: Found


@dataclass(frozen=True)
class ExportRepairQuery(OneShotQuery):
    """Write a repaired model to a new folder."""

    folder: str = ""
    found: Found | None = None

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.opens


@dataclass(frozen=True)
class ExportRepairReply:
    """form: whether the cuts are in the weights, or in hooks beside them. reasons: why not in the weights."""

    number: int
    query: ExportRepairQuery
    form: str
    reasons: tuple[str, ...] = ()
