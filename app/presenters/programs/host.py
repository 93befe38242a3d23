"""What the tools work on: the work of a window, or of a server in the terminal, as both give it to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from app.messages.replies import InputsReply, ModelReply, RunReply, TraceRefusal
from app.messages.request import FailureReply, Query, QueryRefusal, Reply
from app.messages.room import RoomReply
from app.presenters.programs.permits import Permits
from app.presenters.room_words import ANSWER_THERE, advice_to_program, question
from core.door.tool import Call
from core.errors import Cancelled, InputError, WirescopeError
from core.project.change import Change
from core.project.document import Document
from core.project.trace_choice import TraceChoice

Operation = Callable[[Document], Change | None]  # None: there is nothing to change
R = TypeVar("R")


@dataclass(frozen=True)
class DocumentReplies:
    """What the worker has replied of a document, by the kind of the reply. asks_user: where some work was not begun
    since memory is short, the window asks its user about it."""

    document: Document
    replies: Mapping[type, Reply]
    asks_user: bool = False

    def get(self, kind: type[R]) -> R | None:
        reply: Any = self.replies.get(kind)
        return reply  # type: ignore[no-any-return]

    def of(self, kind: type[R]) -> R:
        """A reply that must be there. Raises InputError where it has not come."""
        reply = self.get(kind)
        if reply is None:
            raise self._short or InputError("The work was left before this was found.", "Call again.")
        return reply

    @property
    def _short(self) -> InputError | None:
        """That memory is short for what the worker has left."""
        short = self.get(RoomReply)
        if short is None:
            return None
        return InputError(question(short), ANSWER_THERE if self.asks_user else advice_to_program(short))

    def check(self, queries: tuple[Query, ...] = (), trace: bool = False) -> DocumentReplies:
        """This, where nothing was refused. trace: one was asked for. Raises InputError for what the window would show
        as a problem."""
        failed, refused = self.get(FailureReply), self.get(QueryRefusal)
        if failed is not None:
            nothing = "There is no input A." if failed.where == "A" else "That could not be done."
            raise InputError(failed.message or nothing, failed.hint)
        if refused is not None and refused.query in queries:
            raise InputError(refused.message, refused.hint)
        if self._short is not None and (trace or queries or self.get(RunReply) is None):
            raise self._short
        untraced = self.get(TraceRefusal)
        if trace and untraced is not None:
            raise InputError(untraced.message, untraced.hint)
        return self

    @property
    def opened(self) -> ModelReply:
        return self.of(ModelReply)

    @property
    def ready(self) -> InputsReply:
        return self.of(InputsReply)

    @property
    def ran(self) -> RunReply:
        return self.of(RunReply)


def find_of_step(host: Host, words: str, call: Call, trace: bool = False) -> DocumentReplies:
    """What is found of the step that a call has just made, of these words ("": it made none). The step goes again where
    nothing can be found of it, and a trace also where it was cancelled: without scores it is none. Raises what `find`
    does."""
    try:
        return host.find(call, trace=trace)
    except WirescopeError as error:
        if words and (trace or not isinstance(error, Cancelled)):
            host.retract()
        raise


class Host(Protocol):
    """Of one piece of work. Its methods are called in the door's thread; each raises WirescopeError, and Cancelled
    where nobody waits for the call any more."""

    @property
    def permits(self) -> Permits:
        """What programs may open and write."""
        ...

    def document(self) -> Document:
        """As it is now."""
        ...

    def steps(self) -> tuple[str, ...]:
        """What was done, from the first step to the present one."""
        ...

    def open(self, document: Document) -> str:
        """Take up another model, with its inputs, as a step of the history. Returns its words."""
        ...

    def change(self, operation: Operation) -> str:
        """Make an operation's change of the present document a step of the history. Returns its words; "" where there
        was nothing to change."""
        ...

    def undo(self) -> str:
        """Go back to the step before. Returns the words of what is undone; "" where there is nothing."""
        ...

    def retract(self) -> None:
        """The step that was made last could not be done: it goes."""
        ...

    def trace(self, words: str, choice: TraceChoice, anyway: bool = False) -> str:
        """Make a trace the next step, which `find` then asks for. anyway: also where memory is short. Returns its
        words; "" where it was traced so."""
        ...

    def find(self, call: Call, queries: tuple[Query, ...] = (), trace: bool = False) -> DocumentReplies:
        """Have everything found out of the present document, and the queries answered. trace: also what takes long.
        Raises InputError where something is refused."""
        ...
