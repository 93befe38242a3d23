"""A worker in another process, as the window has it: the same surface as the thread of this process.

Requests leave and replies come in threads of their own, so that the window waits for no link. The document lives in the
window: where the worker dies it is started again, and where the link is cut it is tried until it is there again; the
last request is then sent anew, and nothing of the work is lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.messages.links import LinkCut, PlaceGone, WorkerDied
from app.messages.request import FailureReply, ProgressReply, QueryRefusal, Reply, Request, RequestDone
from app.messages.room import RoomReply
from app.messages.stop_signal import forward
from app.messages.wire.codec import Wire
from app.messages.wire.errors import WireError
from app.messages.wire.forms import forms
from app.messages.wire.parts import Encoded, PartsMissing
from app.workbench.files_to_send import FilesToSend, read
from app.workbench.link import Link
from app.workbench.models_to_send import ModelsToSend
from core.errors import Cancelled, ModelError, WirescopeError

log = logging.getLogger(__name__)

POLL = 10.0  # seconds that the other side waits for a reply before it says that there is none
SILENCE = 3.0  # seconds beyond these that nothing is heard, before that is said
PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between two tries of a link that is cut
MOST_ASKS = 3  # of one request whose large values the other side does not have
MOST_DEATHS = 3  # of workers over one request


class RemoteWorker(QObject):
    """Takes requests from the window's thread and emits replies there.

    Attributes: latency, seconds from a request to the word that it has come, None until one has."""

    replied = Signal(object)
    latency_changed = Signal(float)
    link_changed = Signal(str)  # in words, what is wrong with it; empty where nothing is
    place_gone = Signal()  # the worker's machine, which may come back

    def __init__(self, link: Link, parent: QObject | None = None, sends_files: bool = False) -> None:
        """sends_files: whether the worker is on a machine that does not have the files of this one."""
        super().__init__(parent)
        self._files = FilesToSend() if sends_files else None
        self._models = ModelsToSend(link) if sends_files else None
        self.latency: float | None = None
        self._link, self._wire = link, Wire(forms())
        self._condition = threading.Condition()
        self._last: Request | None = None  # that is not answered to its end
        self._due = False  # it is to be sent
        self._refused: list[QueryRefusal] = []  # of its queries, and not yet said
        self._cancelled_up_to, self._cancel_due = 0, False
        self._signals: list[str] = []
        self._life = ""  # of the worker that has the last request
        self._after = 0  # the serial number of the last reply that has come
        self._deaths = 0
        self._trouble = ""
        self._is_cut = self._has_died = self._gone_is_said = False
        self._heard, self._silent = time.monotonic(), False  # when the other side was heard last
        self._closing = False
        self._watch = QTimer(self)  # the threads may both wait for a call
        self._watch.timeout.connect(self._notice_silence)
        self._end_signals: Callable[[], None] = lambda: None
        self._threads = [
            threading.Thread(target=each, name=f"wirescope-{name}", daemon=True)
            for name, each in (("sender", self._send_all), ("receiver", self._receive_all))
        ]

    @property
    def place(self) -> str:
        """Where the work is done, in a few words."""
        return self._link.place

    def start(self) -> None:
        self._end_signals = forward(self._give)
        self._watch.start(round(1000 * SILENCE))
        for thread in self._threads:
            thread.start()

    def ask(self, request: Request) -> None:
        """Take a request; it replaces whatever waits and cancels what runs."""
        request, refused = self._without_plugins(request)
        with self._condition:
            self._last, self._due = request, True
            self._refused = refused
            self._deaths = 0
            self._condition.notify_all()

    def _without_plugins(self, request: Request) -> tuple[Request, list[QueryRefusal]]:
        """A request without the queries of other packages: what they hold is not known on the other side."""
        known = [query for query in request.queries if type(query) in forms().by_class]
        unknown = [query for query in request.queries if type(query) not in forms().by_class]
        hint = "Choose Disconnect in the File menu to ask it."
        refused = []
        for query in unknown:
            kind = type(query)
            words = (
                f"{kind.__name__} is answered in the window's own process only, and the work is done at {self.place}."
            )
            about = f"{words} {hint} It is of {kind.__module__}, and only queries of Wirescope itself cross."
            refused.append(QueryRefusal(request.number, query, words, hint, about))
        return (replace(request, queries=tuple(known)) if unknown else request), refused

    def cancel(self) -> None:
        """Give up the running and the waiting request."""
        with self._condition:
            if self._last is not None:
                self._cancelled_up_to, self._cancel_due = self._last.number, True
                self._last, self._due = None, False
            self._condition.notify_all()

    def stop(self, seconds: float = 10.0) -> bool:
        """Leave the worker, which ends. Returns whether that was in time."""
        self._end_signals()
        self._watch.stop()
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        ending = threading.Thread(target=self._close, name="wirescope-leaving", daemon=True)
        ending.start()
        until = time.monotonic() + seconds
        for thread in (ending, *self._threads):
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
        self._wire.forget()  # hundreds of megabytes, perhaps
        return not any(thread.is_alive() for thread in (ending, *self._threads))

    def _close(self) -> None:
        try:
            self._link.close()
        except WirescopeError as error:
            log.info("the worker elsewhere could not be ended: %s", error)

    def _give(self, name: str) -> None:
        with self._condition:
            self._signals.append(name)
            self._condition.notify_all()

    # ---- what leaves ----

    def _send_all(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(self._something)
                if self._closing:
                    return
                request = self._last if self._due else None
                cancel = self._cancelled_up_to if self._cancel_due else 0
                signals, self._signals = self._signals, []
                refused, self._refused = self._refused, []
                self._due = self._cancel_due = False
            for refusal in refused:
                self._emit(refusal)
            try:
                if cancel:
                    self._link.cancel(cancel)
                for name in signals:
                    self._link.give(name)
                if request is not None:
                    self._send(request)
            except (LinkCut, WorkerDied):
                with self._condition:  # the receiver mends it, and then has what was not sent sent again
                    self._signals = [*signals, *self._signals]
                    self._cancel_due = self._cancel_due or bool(cancel)
                    self._due = self._due or (request is not None and request is self._last)
                    self._condition.wait(PAUSE)
            except Exception as error:  # a thread that ends in silence would leave the window busy for ever
                self._give_up(request, error)

    def _give_up(self, request: Request | None, error: Exception) -> None:
        """A request is lost to something that nobody has foreseen. To be called where that is handled."""
        if self._closing:
            return
        log.exception("the link to %s", self.place)
        if request is not None:
            words = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
            hint = "Ask again; where that does not help, disconnect."
            self._end(request, FailureReply(request.number, "run", f"The link to {self.place} failed: {words}", hint))

    def _end(self, request: Request, reply: Reply) -> None:
        """Nothing more than this comes of a request."""
        with self._condition:
            if self._last is request:
                self._last, self._due = None, False
        self._emit(reply)
        self._emit(RequestDone(request.number))

    def _something(self) -> bool:
        """Whether there is something to be sent, and somebody to take it, or the end."""
        waiting = self._due or self._cancel_due or bool(self._signals)
        return self._closing or (waiting and not self._trouble)

    def _notice_silence(self) -> None:
        """A call that does not come back is said: Ray tries a cut link by itself for a while, before it says so."""
        seconds = time.monotonic() - self._heard
        if seconds > POLL + SILENCE and not self._trouble and not self._closing:
            self._silent = True
            self._tell_link(f"No word from {self.place} for {seconds:.0f} s")

    def _send(self, request: Request) -> None:
        try:
            encoded = self._wire.encode_in_parts(request)
            named = self._send_model(request)
            if isinstance(named, RoomReply):
                self._end(request, named)
                return
            latency = self._ask(encoded, self._send_files(request), named)
        except (LinkCut, WorkerDied):
            raise
        except Cancelled:  # while a model was sent: a newer request has come, or none is wanted
            return
        except WirescopeError as error:
            where: Literal["model", "run"] = "model" if isinstance(error, ModelError) else "run"
            self._end(request, FailureReply(request.number, where, error.message, error.hint))
            return
        self.latency = latency
        if not self._closing:
            self.latency_changed.emit(latency)

    def _ask(self, encoded: Encoded, files: dict[str, str], named: dict[str, str]) -> float:
        """Send a request, with those of its large values that the other side does not have: all, where it was started
        anew. Returns the seconds that the last call took. Raises WirescopeError."""
        for _ in range(MOST_ASKS):
            began = time.perf_counter()
            missing = self._link.ask(encoded.data, files, named)
            if not missing:
                return time.perf_counter() - began
            for digest in missing:
                self._link.put_part(digest, encoded.parts[digest])
        raise WireError(f"The worker at {self.place} does not keep what it is sent.", "Connect to it anew.")

    def _send_model(self, request: Request) -> dict[str, str] | RoomReply:
        """Send the folder of a request's model, where the other side has none, see `ModelsToSend.names`."""
        if self._models is None:
            return {}

        def tell(words: str, share: float) -> None:
            if self._closing or request is not self._last:
                raise Cancelled
            self._emit(ProgressReply(request.number, words, share))

        return self._models.names(request, self._life, tell)

    def _send_files(self, request: Request) -> dict[str, str]:
        """Send what a request reads and the other side does not have. Raises InputError, LinkCut, WorkerDied."""
        if self._files is None:
            return {}
        files = self._files.of(request)
        missing = set(self._link.missing(sorted(set(files.values())))) if files else set()
        for path, digest in files.items():
            if digest in missing:
                missing.remove(digest)
                self._link.put(digest, Path(path).name, read(path))
        return files

    # ---- what comes ----

    def _receive_all(self) -> None:
        pause = PAUSE
        while not self._closing:
            try:
                self._mend()
                self._receive()
                pause = PAUSE
            except WorkerDied as error:
                if self._closing:
                    return
                log.info("the worker at %s: %s", self.place, error)
                self._say("The worker has ended: it is started again")
                if not self._has_died:
                    self._count_death()
                self._is_cut, self._has_died = False, True
            except WirescopeError as error:  # LinkCut, PlaceGone, and what a link says that is tried again
                log.info("the link to %s: %s", self.place, error)
                if isinstance(error, PlaceGone):
                    self._say_gone()
                else:
                    self._is_cut = True
                    self._say("The link is cut: trying again")
                self._wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            except Exception as error:  # as where something is sent
                self._give_up(self._last, error)
                self._wait(PAUSE)

    def _wait(self, seconds: float) -> None:
        """Before the next try; not where there is none."""
        with self._condition:
            self._condition.wait_for(lambda: self._closing, seconds)

    def _receive(self) -> None:
        """Take the replies that there are. Raises LinkCut, WorkerDied, and what a link says that is tried again."""
        life, replies = self._link.replies(self._life, self._after, 0.0 if self._trouble else POLL)
        decoded = [(serial, self._decoded(data, parts)) for serial, data, parts in replies]
        self._heard = time.monotonic()
        if self._silent:
            self._silent = False
            self._tell_link("")
        another = life != self._life
        if another:  # its replies are numbered anew, and it may not have the request
            self._life, self._after = life, 0
        if self._trouble or another:
            self._say("")
            self._gone_is_said = False
            self._send_anew()
        for serial, reply in decoded:
            self._take(serial, reply)

    def _mend(self) -> None:
        """Find the worker again where the link was cut, and start another where it has died. Raises LinkCut,
        WorkerDied, PlaceGone, and what a link says that is tried again."""
        if self._is_cut:
            self._link.reconnect()
            self._is_cut = self._has_died = False
        if self._has_died:
            self._link.restart()
            self._has_died = False
            if self._closing:
                self._close()  # one that was started as the window left the one before

    def _say_gone(self) -> None:
        """Once, until somebody answers again."""
        self._say(f"{self.place} has left the cluster: it is waited for")
        if not self._gone_is_said and not self._closing:
            self._gone_is_said = True
            self.place_gone.emit()

    def _count_death(self) -> None:
        """Another worker is asked for the last request, unless it is this that kills them."""
        with self._condition:
            request = self._last
            self._deaths += request is not None
            deadly = self._deaths >= MOST_DEATHS
            if deadly:
                self._deaths = 0
        if deadly and request is not None:
            words = f"The worker at {self.place} ended {MOST_DEATHS} times over this request."
            hint = "It may need more memory than there is: choose another place, or a smaller model or dataset."
            self._end(request, FailureReply(request.number, "run", words, hint))

    def _send_anew(self) -> None:
        """The request that is not answered to its end; a worker that has it takes it once."""
        with self._condition:
            self._due = self._last is not None
            self._condition.notify_all()

    def _decoded(self, data: bytes, parts: dict[str, bytes]) -> Reply | None:
        """None for one whose large values are not there any more: a newer one is on its way. Raises LinkCut,
        WorkerDied."""
        try:
            for digest, part in parts.items():
                self._wire.kept.put(digest, part)
            try:
                reply: Reply = self._wire.decode(data)
            except PartsMissing as missing:  # they have come before, and were not kept
                for digest, part in self._link.parts(list(missing.digests)).items():
                    self._wire.kept.put(digest, part)
                reply = self._wire.decode(data)
        except (LinkCut, WorkerDied):
            raise
        except PartsMissing:
            return None
        except WirescopeError as error:
            number = 0 if self._last is None else self._last.number
            return FailureReply(number, "run", error.message, error.hint)
        return reply

    def _take(self, serial: int, reply: Reply | None) -> None:
        with self._condition:
            self._after = max(self._after, serial)
            if reply is None or self._last is None or reply.number != self._last.number:
                return
            if isinstance(reply, RequestDone):
                self._last = None
        self._emit(reply)

    def _emit(self, reply: Reply) -> None:
        if not self._closing:
            self.replied.emit(reply)

    def _say(self, words: str) -> None:
        if words != self._trouble:
            self._trouble = words
            self._tell_link(words)

    def _tell_link(self, words: str) -> None:
        if not self._closing:
            self.link_changed.emit(words)
