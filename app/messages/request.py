"""What the window sends to the worker: one kind of request, which says all that the window wants to know; and what
the worker says of the work itself.

The worker keeps what it made before, so a request that differs little costs little, and a newer request simply
replaces an older one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from app.messages.room import Work
from core.edits import Target
from core.precision_words import WholePlace
from core.project.document import Document
from views.panels.inputs.data import CardData

Cancel = Callable[[], bool]  # asked now and then; True: give up what runs


@dataclass(frozen=True)
class Request:
    number: int
    document: Document
    inspect: Target | None = None
    recover: bool = False  # trace, however long it takes, and measure what circuits of the best edges recover
    replaceable: frozenset[str] = frozenset()  # the cards, by letter, that had a good input before
    positions: tuple[int, ...] = ()  # selected: what is inspected is edited there; none means all
    queries: tuple[Query, ...] = ()
    memory: int | None = None  # megabytes for kept runs; None: the default
    weights: WholePlace = "auto"  # where whole ones of the model go when it is opened
    asks: frozenset[Work] = frozenset()  # what is not begun where memory is short: somebody is there to be asked


class Query:
    """A standing question, asked with every request until it is taken back: a frozen dataclass that
    the handlers of a feature answer.

    of_scores: its reply is also of the scores of edges that there are by now; at_positions: and of the positions that
    are selected; scans: it edits many targets, one at a time. writes: its path is of a file that is written, not
    read. once: what it does is not done again for a worker that has died with it."""

    of_scores: ClassVar[bool] = False
    at_positions: ClassVar[bool] = False
    scans: ClassVar[bool] = False
    writes: ClassVar[bool] = False
    once: ClassVar[bool] = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """What of a document the reply is of, beside the query itself. This is the one rule for whether a figure is
        still true: the worker keeps its replies by it, and the window dims or drops what is shown by it."""
        raise NotImplementedError

    def holds(self, before: Document, after: Document) -> bool:
        """Whether a reply that is of one document is true of another."""
        return before is after or self.depends_on(before) == self.depends_on(after)


@dataclass(frozen=True)
class QueryRefusal:
    """A query that cannot be answered, and why. Where the code of another package is at fault, details: its traceback,
    handlers: the module's name; the query is then not asked again by itself."""

    number: int
    query: Query
    message: str
    hint: str = ""
    details: str = ""
    handlers: str = ""

    @property
    def words(self) -> str:
        return f"{self.message} {self.hint}".strip()


@dataclass(frozen=True)
class ProgressReply:
    """What is being done, for the status bar; fraction None: unknown. seconds: that the whole was reckoned to take,
    where somebody knows."""

    number: int
    words: str
    fraction: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class PictureRefusal:
    """The new picture of a card cannot be read; the card had a good one before, and nothing was done."""

    number: int
    letter: str
    problem: str


@dataclass(frozen=True)
class FailureReply:
    """Something could not be done. where: the model, card A, card B, or the rest."""

    number: int
    where: Literal["model", "A", "B", "run"]
    message: str
    hint: str = ""
    details: str = ""
    cards: tuple[CardData, ...] = ()


@dataclass(frozen=True)
class RequestDone:
    """All parts of a request have come."""

    number: int


class Reply(Protocol):
    """One part of what was asked for; queries have replies of their own kinds."""

    @property
    def number(self) -> int: ...


Send = Callable[[Reply], None]


@dataclass(frozen=True, kw_only=True)
class OneShotQuery(Query):
    """A query that is taken back with its reply. serial: tells it from an earlier one that asked for the same."""

    serial: int = 0
