"""What the window asks the engine for when something is typed into the console, and the replies."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.messages.request import OneShotQuery
from app.messages.stop_signal import StopSignal
from core.edits import Edit
from core.project.document import Document


@dataclass(frozen=True, kw_only=True)
class ConsoleQuery(OneShotQuery):
    """Run some Python beside the session. interrupt: set by the window where it is to stop."""

    once = True

    code: str
    interrupt: StopSignal = field(default_factory=StopSignal, compare=False)

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return ()


@dataclass(frozen=True)
class ConsoleOutput:
    """What is printed by now, while the code runs."""

    number: int
    query: ConsoleQuery
    text: str


@dataclass(frozen=True)
class ConsoleReply:
    """The code has ended. text: all that was printed, with the value of the last line. error: why it stopped, a short
    traceback. before: the edits that it was given; edits: those that it left, None where these are the same."""

    number: int
    query: ConsoleQuery
    text: str
    error: str = ""
    before: tuple[Edit, ...] = ()
    edits: tuple[Edit, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class CompleteQuery(OneShotQuery):
    """The names that a word could go on as."""

    text: str

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return ()


@dataclass(frozen=True)
class CompleteReply:
    """names: whole words that begin as the text does."""

    number: int
    query: CompleteQuery
    names: tuple[str, ...]
