"""The work of a window as the tools of the door take it: what they do become steps of its history, and all that they
find is what the window shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.messages.recovered import RecoveredReply
from app.messages.replies import (
    DeltasReply,
    InputsReply,
    ModelReply,
    RecoveryReply,
    RunReply,
    ScoresReply,
    TraceRefusal,
)
from app.messages.request import FailureReply, Query, QueryRefusal, Reply
from app.messages.room import RoomReply
from app.messages.trust import TrustReply
from app.presenters.programs.host import DocumentReplies, Operation
from app.presenters.programs.permits import Permits
from app.workbench.workbench import Workbench
from core.door.tool import Call
from core.errors import Cancelled, InputError
from core.project.document import Document
from core.project.history import Step
from core.project.trace_choice import TraceChoice

KINDS = (
    *(ModelReply, InputsReply, RunReply, DeltasReply, ScoresReply, RecoveryReply, RecoveredReply, TrustReply),
    *(TraceRefusal, QueryRefusal, FailureReply, RoomReply),
)
KEY = "programs"  # of its query
LOOKS = 0.05  # seconds between two looks whether anybody still waits
T = TypeVar("T")


@dataclass
class _Search:
    """What a call waits for, beside the run of the present document. step: that the call has made. traces: the trace
    that runs is its own. told: where memory is short, it is for this call's own work."""

    queries: tuple[Query, ...]
    step: Step | None = None
    traces: bool = False
    told: bool = False
    future: Future[DocumentReplies] = field(default_factory=Future)
    failure: FailureReply | None = None


class WindowHost(QObject):
    """A `Host` over a workbench. Its methods are called in the door's thread; they do their work in the window's."""

    _wanted = Signal(object)

    def __init__(self, workbench: Workbench, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._closed = threading.Event()
        self._made: Step | None = None  # by the call that runs, until it searches
        self._traces = False  # that call has begun a trace
        self._search: _Search | None = None
        self._latest: _Search | None = None
        self._replies: dict[type, Reply] = {}
        self._told: tuple[str, float | None] = ("", None)
        self._wanted.connect(self._do, Qt.ConnectionType.QueuedConnection)
        for kind in KINDS:
            workbench.on(kind, self._take)
        workbench.document_changed.connect(self._forget)
        workbench.working.connect(self._take_working)
        workbench.idle.connect(self._wait_for_turn)
        workbench.given_up.connect(self._give_up)
        workbench.tells_program = self._tells_program

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def close(self) -> None:
        """Nobody is answered any more, what runs for a call is given up, and nothing is heard. Once."""
        self._closed.set()
        if self._search is not None:
            self._leave(self._search)
        self._workbench.tells_program = None
        for kind in KINDS:
            self._workbench.off(kind, self._take)
        self.deleteLater()

    # ---- in the door's thread ----

    @property
    def permits(self) -> Permits:
        return Permits(None, frozenset({self.document().model}))

    def document(self) -> Document:
        return self._workbench.document

    def steps(self) -> tuple[str, ...]:
        return self._in_window(lambda: tuple(step.words for step in self._workbench.history.current.path()))

    def open(self, document: Document) -> str:
        return self._in_window(lambda: self._step(lambda: self._workbench.models.open(document, in_its_precision=True)))

    def change(self, operation: Operation) -> str:
        def work() -> str:
            change = operation(self._workbench.document)
            if change is None:
                return ""
            return self._step(lambda: self._workbench.commit(change.words, change.document))

        return self._in_window(work)

    def undo(self) -> str:
        def work() -> str:
            current = self._workbench.history.current
            if current.parent is None or not current.parent.document.model:
                return ""
            self._workbench.history.undo()
            return current.words

        return self._in_window(work)

    def retract(self) -> None:
        def work() -> None:
            if self._latest is not None and self._latest.step is not None:
                self._workbench.history.retract(self._latest.step)

        self._in_window(work)

    def trace(self, words: str, choice: TraceChoice, anyway: bool = False) -> str:
        def work() -> str:
            traces = self._workbench.traces
            runs = traces.running  # it may be this very trace, which the user has begun
            made = self._step(lambda: traces.begin(words, choice))
            self._traces = bool(made) or not runs
            if anyway:
                self._workbench.go_on("trace")
            return made

        return self._in_window(work)

    def find(self, call: Call, queries: tuple[Query, ...] = (), trace: bool = False) -> DocumentReplies:
        search, told = _Search(queries), self._told
        self._in_window(lambda: self._begin(search))
        while True:
            try:
                return search.future.result(LOOKS).check(queries, trace)
            except NotYet:
                if self._told != told:
                    told = self._told
                    call.tell(*told)
                if self._closed.is_set():
                    raise Cancelled from None
                if call.cancelled():
                    self._wanted.emit(lambda: self._leave(search))
                    raise Cancelled from None

    def _in_window(self, work: Callable[[], T]) -> T:
        """Do something in the window's thread. Raises what it raises, Cancelled where the window has gone."""
        if self._closed.is_set():
            raise Cancelled
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        self._wanted.emit(run)
        while True:
            try:
                return done.result(LOOKS)
            except NotYet:
                if self._closed.is_set():
                    raise Cancelled from None

    # ---- in the window's thread ----

    def _do(self, work: Callable[[], None]) -> None:
        work()

    def _step(self, make: Callable[[], Any]) -> str:
        """The words of the step that something makes; "" where it makes none. Raises InputError where nothing may be
        changed."""
        history = self._workbench.history
        if history.locked:
            raise InputError(history.locked)
        history.seal()
        before = history.current
        make()
        self._made = history.current if history.current is not before else None
        return "" if self._made is None else self._made.words

    def _begin(self, search: _Search) -> None:
        search.step, search.traces = self._made, self._traces
        self._made, self._traces = None, False
        self._search = self._latest = search
        self._replies.clear()
        for query in search.queries:
            self._workbench.set_query(KEY, query)
        self._workbench.ask(changes=False)

    def _is_own_trace(self, search: _Search) -> bool:
        """Whether the trace that runs is what a call has begun, and not the user."""
        traces = self._workbench.traces
        return search.traces and traces.running and traces.step is search.step

    def _is_own_model(self, search: _Search) -> bool:
        """Whether a model is being opened, by a call."""
        opening = self._workbench.opened is None and search.step is not None
        return opening and search.step is self._workbench.history.current

    def _leave(self, search: _Search) -> None:
        """Nobody waits for it any more: what runs for this call alone is given up, what is the user's goes on."""
        if search is not self._search:
            return
        self._search = None
        self._workbench.set_query(KEY, None)
        if self._is_own_trace(search) or self._is_own_model(search):
            self._workbench.cancel()
        elif search.queries:
            self._workbench.ask(changes=False)  # all but these
        search.future.set_exception(Cancelled())

    def _tells_program(self, reply: RoomReply) -> bool:
        """Whether what has no room is a call's own work, which then is no question for the user."""
        search = self._search
        if search is None:
            return False
        search.told = self._is_own_trace(search) if reply.work == "trace" else self._is_own_model(search)
        return search.told

    def _take(self, reply: Reply) -> None:
        short = self._replies.get(RoomReply)
        if short is not None and short.number != reply.number:  # it is asked anew
            del self._replies[RoomReply]
        self._replies[type(reply)] = reply
        search = self._search
        awaits_inputs = self._workbench.document.clean is None  # of a model that comes without any
        if isinstance(reply, FailureReply) and search is not None and not awaits_inputs:
            search.failure = reply

    def _forget(self, before: Document, after: Document) -> None:
        """What was found is of an earlier document."""
        self._replies.clear()

    def _wait_for_turn(self) -> None:
        """It may have ended because it was given up, which is heard next."""
        QTimer.singleShot(0, self, self._settle)

    def _take_working(self, words: str, share: float | None) -> None:
        self._told = words, share

    def _settle(self) -> None:
        """The worker is done with the latest request."""
        search = self._search
        if search is None or self._workbench.busy:
            return
        replies = dict(self._replies)
        if search.failure is not None:
            replies[FailureReply] = search.failure
        elif RunReply not in replies and RoomReply not in replies:
            return  # inputs are on their way
        self._search = None
        self._workbench.set_query(KEY, None)
        answer = DocumentReplies(self._workbench.document, replies, asks_user=not search.told)
        short = replies.get(RoomReply)
        if isinstance(short, RoomReply) and search.told:
            self._workbench.leave_undone(short.work)
        search.future.set_result(answer)

    def _give_up(self, traced: bool = False) -> None:
        """The user does not want it."""
        search, self._search = self._search, None
        if search is not None:
            self._workbench.set_query(KEY, None)
            search.future.set_exception(Cancelled("It was cancelled in the window."))
