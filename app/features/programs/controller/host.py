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
    *(TraceRefusal, QueryRefusal, FailureReply),
)
KEY = "programs"  # of its query
LOOKS = 0.05  # seconds between two looks whether anybody still waits
T = TypeVar("T")


@dataclass
class _Search:
    """What a call waits for."""

    future: Future[DocumentReplies] = field(default_factory=Future)
    failure: FailureReply | None = None


class WindowHost(QObject):
    """A `Host` over a workbench. Its methods are called in the door's thread; they do their work in the window's."""

    _wanted = Signal(object)

    def __init__(self, workbench: Workbench, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._closed = threading.Event()
        self._made: Step | None = None
        self._search: _Search | None = None
        self._replies: dict[type, Reply] = {}
        self._told: tuple[str, float | None] = ("", None)
        self._wanted.connect(self._do, Qt.ConnectionType.QueuedConnection)
        for kind in KINDS:
            workbench.on(kind, self._take)
        workbench.document_changed.connect(self._forget)
        workbench.working.connect(self._take_working)
        workbench.idle.connect(self._wait_for_turn)
        workbench.given_up.connect(self._give_up)

    def close(self) -> None:
        """Nobody is answered any more, and nothing is heard. Once."""
        self._closed.set()
        self._give_up()
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
            if self._made is not None:
                self._workbench.history.retract(self._made)
            self._made = None

        self._in_window(work)

    def trace(self, words: str, choice: TraceChoice) -> str:
        return self._in_window(lambda: self._step(lambda: self._workbench.traces.begin(words, choice)))

    def find(self, call: Call, queries: tuple[Query, ...] = (), trace: bool = False) -> DocumentReplies:
        search, told = _Search(), self._told
        self._in_window(lambda: self._begin(search, queries))
        while True:
            try:
                return search.future.result(LOOKS).check(queries, trace)
            except NotYet:
                if self._told != told:
                    told = self._told
                    call.tell(*told)
                if call.cancelled() or self._closed.is_set():
                    self._wanted.emit(self._workbench.cancel)
                    raise Cancelled from None

    def _in_window(self, work: Callable[[], T]) -> T:
        """Do something in the window's thread. Raises what it raises, Cancelled where the window has gone."""
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

    def _begin(self, search: _Search, queries: tuple[Query, ...]) -> None:
        self._search = search
        self._replies.clear()
        for query in queries:
            self._workbench.set_query(KEY, query)
        self._workbench.ask(changes=False)

    def _take(self, reply: Reply) -> None:
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
        elif RunReply not in replies:
            return  # inputs are on their way
        self._search = None
        self._workbench.set_query(KEY, None)
        search.future.set_result(DocumentReplies(self._workbench.document, replies))

    def _give_up(self, traced: bool = False) -> None:
        """The user does not want it, or the window closes."""
        search, self._search = self._search, None
        if search is not None:
            self._workbench.set_query(KEY, None)
            search.future.set_exception(Cancelled("It was cancelled in the window."))
