"""The worker as the window knows it: numbered requests, the queries that go along with each, and who hears which reply.

A query is a question that stays until it is taken back: it goes along with every request, so its reply is always of the
present document. Handlers (see `app.worker.handler_table`) keep what they have found, so an old query costs little.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.messages.request import OneShotQuery, ProgressReply, Query, QueryRefusal, Reply, Request, RequestDone
from app.messages.room import ALL_WORK
from core.edits import Target
from core.precision_words import WholePlace
from core.project.document import Document

STALE_AFTER = 60  # milliseconds: numbers that take longer to come are dimmed meanwhile


class Worker(Protocol):
    """What serves requests, in this process or another. replied: a signal of each reply, in the window's thread."""

    replied: Any

    def ask(self, request: Request) -> None: ...

    def cancel(self) -> None: ...


class WorkerClient(QObject):
    """Of one window."""

    working = Signal(str, object)
    finished = Signal()
    became_stale = Signal()

    def __init__(self, engine: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._number = 0
        self._queries: dict[str, Query] = {}
        self._one_shot_keys: set[str] = set()
        self._listeners: dict[type, list[Callable[[Any], None]]] = {}
        self.memory: int | None = None  # megabytes for kept runs; None: the default
        self.asks = ALL_WORK  # what is not begun without a word where memory is short
        self.weights: dict[tuple[str, str], WholePlace] = {}  # as the user has said, by `Document.opens`
        self.reckoned: float | None = None  # seconds that the work was to take
        self.taking = False  # an answer is being given to those who hear it
        self.busy = False  # the engine works on the latest request
        self.stale = False  # what is shown of runs is of an earlier document
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STALE_AFTER)
        self._timer.timeout.connect(self.mark_stale)
        self._next: dict[str, Any] = {}  # what is to be asked
        self._sending = QTimer(self)
        self._sending.setSingleShot(True)
        self._sending.timeout.connect(self._send)
        engine.replied.connect(self._take)

    def on(self, kind: type, slot: Callable[[Any], None]) -> None:
        """Have replies of a kind given to a function; only those of the latest request come."""
        self._listeners.setdefault(kind, []).append(slot)

    def off(self, kind: type, slot: Callable[[Any], None]) -> None:
        """Give replies of a kind to a function no more."""
        self._listeners[kind].remove(slot)

    def claim_key(self, key: str) -> None:
        """Take a key for one-shot queries. Raises ValueError where other queries have it."""
        if key in self._one_shot_keys or key in self._queries:
            raise ValueError(f"The key {key!r} of queries is taken: give these another one.")
        self._one_shot_keys.add(key)

    def set_query(self, key: str, query: Query | None) -> bool:
        """Ask for something with every request from now on; None takes it back. Tells whether there is something new to
        ask for. Raises ValueError for a standing query under a key of one-shot queries."""
        if key in self._one_shot_keys and not isinstance(query, OneShotQuery | None):
            raise ValueError(f"The key {key!r} is of one-shot queries: give this one another.")
        if self._queries.get(key) == query:
            return False
        if query is None:
            self._queries.pop(key, None)
            return False
        self._queries[key] = query
        return True

    def ask(
        self,
        document: Document,
        inspect: Target | None,
        positions: tuple[int, ...],
        recover: bool,
        replaceable: frozenset[str],
        changes: bool,
    ) -> None:
        """Send a request with the next turn of the event loop: all that one gesture asks for goes as one, whichever
        listeners ask. changes: what is shown will be out of date if the reply takes long."""
        self._number += 1
        self.busy = True
        if self._next and self._next["document"].opens != document.opens:
            self.asks = ALL_WORK  # what was agreed to was of another model
        self._next = {"document": document, "inspect": inspect, "recover": recover}
        self._next |= {"replaceable": replaceable, "positions": positions}
        self._sending.start(0)
        if changes:
            self._timer.start()

    def _send(self) -> None:
        queries, weights = tuple(self._queries.values()), self.place_of(self._next["document"])
        request = Request(
            self._number, **self._next, queries=queries, memory=self.memory, weights=weights, asks=self.asks
        )
        self._engine.ask(request)

    def place_of(self, document: Document) -> WholePlace:
        """Where the weights of a document's model go: as the user has said, else "auto"."""
        return self.weights.get(document.opens, "auto")

    def forget_weights(self) -> None:
        """The model that was asked for did not open: where its weights were to go holds no longer."""
        if "document" in self._next:
            self.weights.pop(self._next["document"].opens, None)

    def mark_stale(self) -> None:
        self._timer.stop()
        self.stale = True
        self.became_stale.emit()

    def fresh(self) -> None:
        """The run is of the present document."""
        self._timer.stop()
        self.stale = False

    def cancel(self) -> None:
        """Give up what runs; replies that are on their way are not wanted any more."""
        self._sending.stop()
        self._engine.cancel()
        self._number += 1
        self._finish()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._timer.stop()
        self._sending.stop()

    def use(self, engine: Worker) -> None:
        """Have another worker serve what is asked from now on; what runs is given up, and what was agreed to for want
        of memory there holds no longer."""
        self.weights.clear()
        self.asks = ALL_WORK
        self._engine.cancel()
        self._engine.replied.disconnect(self._take)
        self._engine = engine
        engine.replied.connect(self._take)

    def _take(self, reply: Reply) -> None:
        if reply.number != self._number:
            return
        if isinstance(reply, ProgressReply):
            self.reckoned = reply.seconds
            self.working.emit(reply.words, reply.fraction)
        elif isinstance(reply, RequestDone):
            self._finish()
        elif isinstance(reply, QueryRefusal) and reply.details:
            self._queries = {key: query for key, query in self._queries.items() if query != reply.query}
        self.taking = True
        try:
            for slot in tuple(self._listeners.get(type(reply), ())):
                slot(reply)
        finally:
            self.taking = False

    def _finish(self) -> None:
        self.busy, self.asks = False, ALL_WORK
        self.finished.emit()
