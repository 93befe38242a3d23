"""The work of `wirescope serve`: a document with its history, and the worker that runs it, as the tools take them."""

from __future__ import annotations

from app.messages.replies import ModelReply
from app.messages.request import ProgressReply, Query, Reply, Request
from app.messages.room import Work
from app.presenters.first_inputs import first_inputs
from app.presenters.programs.host import DocumentReplies, Operation
from app.presenters.programs.permits import Permits
from app.worker.service import WorkerService
from core.door.tool import Call
from core.project.change import Change
from core.project.document import Document
from core.project.history import History, Step
from core.project.step_names import open_words
from core.project.trace_choice import TraceChoice

ASKS: frozenset[Work] = frozenset(("trace", "scan"))  # weights that have no room stay on disk by themselves


class ServedSession:
    """A `Host` without a window. All calls come in one thread, the door's. memory: megabytes for kept runs; None: the
    default."""

    def __init__(self, permits: Permits, memory: int | None = None) -> None:
        self._permits, self._memory = permits, memory
        self._service = WorkerService()
        self._history = History(Document(""), lambda document: None)
        self._made: Step | None = None  # the step that was made last
        self._asks = ASKS  # what is not begun where memory is short
        self._number = 0

    @property
    def permits(self) -> Permits:
        return self._permits

    def document(self) -> Document:
        return self._history.current.document

    def steps(self) -> tuple[str, ...]:
        return tuple(step.words for step in self._history.current.path())

    def open(self, document: Document) -> str:
        self._history.push(open_words(document, self.document().model), document, opens=True)
        self._made = self._history.current
        return self._made.words

    def change(self, operation: Operation) -> str:
        change = operation(self.document())
        if change is None or change.document == self.document():
            return ""
        self._history.push(change.words, change.document)  # a step of its own each: a call can be undone alone
        self._made = self._history.current
        return change.words

    def undo(self) -> str:
        current = self._history.current
        if current.parent is None or not current.parent.document.model:
            return ""  # before the first model there is nothing
        self._history.undo()
        return current.words

    def retract(self) -> None:
        if self._made is not None:
            self._history.retract(self._made)
        self._made = None

    def trace(self, words: str, choice: TraceChoice, anyway: bool = False) -> str:
        self._asks = ASKS - {"trace"} if anyway else ASKS
        return self.change(lambda document: Change(words, document.after_trace(choice)))

    def find(self, call: Call, queries: tuple[Query, ...] = (), trace: bool = False) -> DocumentReplies:
        replies = self._work_through(call, queries, trace)
        opened = replies.get(ModelReply)
        if self.document().clean is None and opened is not None:  # it comes without inputs
            inputs = first_inputs(opened, self.document())
            if inputs is not None:
                self._history.fill(inputs)
                replies = self._work_through(call, queries, trace)
        return replies.check(queries, trace)

    def _work_through(self, call: Call, queries: tuple[Query, ...], trace: bool) -> DocumentReplies:
        replies: dict[type, Reply] = {}

        def take(reply: Reply) -> None:
            if isinstance(reply, ProgressReply):
                call.tell(reply.words, reply.fraction)
            else:
                replies[type(reply)] = reply

        self._number += 1
        request = Request(
            self._number, self.document(), recover=trace, queries=queries, memory=self._memory, asks=self._asks
        )
        self._service.serve(request, take, call.cancelled)
        return DocumentReplies(request.document, replies)
