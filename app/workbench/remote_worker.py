"""A worker in another process, as the window has it: the same surface as the thread of this process.

Requests leave and replies come in threads of their own, so that the window waits for no link. The document lives in the
window: where the worker dies it is started again, and where the link is cut it is tried until it is there again; the
last request is then sent anew, but for what is to be done once, and nothing of the work is lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.messages.links import LinkCut, NotStarted, OtherVersion, PlaceGone, WorkerDied
from app.messages.request import FailureReply, ProgressReply, QueryRefusal, Reply, Request, RequestDone
from app.messages.room import RoomReply
from app.messages.stop_signal import forward
from app.messages.wire.codec import Wire
from app.messages.wire.forms import forms
from app.messages.wire.versions import versions
from app.presenters.homes import refusal
from app.workbench.crossing_queries import QueriesDoneOnce, without_plugins
from app.workbench.link import Link
from app.workbench.reply_reading import decoded
from app.workbench.request_sending import RequestSending
from core.errors import Cancelled, ModelError, WirescopeError

log = logging.getLogger(__name__)

POLL = 10.0  # seconds that the other side waits for a reply before it says that there is none
SILENCE = 3.0  # seconds beyond these that nothing is heard, before that is said
PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds between two tries of a link that is cut
MOST_DEATHS = 3  # of workers over one request
MOST_STARTS = 5  # of workers that end before a word comes
MOST_SIGNALS = 100  # that are given again to a worker that is started in the place of another


class RemoteWorker(QObject):
    """Takes requests from the window's thread and emits replies there.

    Attributes: latency, seconds from a request to the word that it has come, None until one has."""

    replied = Signal(object)
    latency_changed = Signal(float)
    link_changed = Signal(str)  # in words, what is wrong with it; empty where nothing is
    place_gone = Signal()  # the worker's machine, which may come back
    restarted = Signal()  # what the worker before knew is gone

    def __init__(self, link: Link, parent: QObject | None = None, sends_files: bool = False) -> None:
        """sends_files: whether the worker is on a machine that does not have the files of this one."""
        super().__init__(parent)
        self.latency: float | None = None
        self._link, self._wire = link, Wire(forms())
        self._sending = RequestSending(link, self._wire, sends_files)
        self._condition = threading.Condition()
        self._last: Request | None = None  # that is not answered to its end
        self._due = False  # it is to be sent
        self._refused: list[QueryRefusal] = []  # of its queries, and not yet said
        self._cancelled_up_to, self._cancel_due = 0, False
        self._signals: list[str] = []
        self._given: deque[str] = deque(maxlen=MOST_SIGNALS)
        self._done_once = QueriesDoneOnce()
        self._life = ""  # of the worker that has the last request
        self._after = 0  # the serial number of the last reply that has come
        self._deaths = self._starts = 0  # of workers: over the last request, and since one was heard
        self._pause, self._trouble = PAUSE, ""
        self._is_cut = self._has_died = self._gone_is_said = False
        self._unchecked = False  # whether it has the same version, as it may have been started anew
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
        request, refused = without_plugins(request, self.place)
        with self._condition:
            self._last, self._due = request, True
            self._refused = refused
            self._deaths = 0
            self._condition.notify_all()

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
            self._given.append(name)
            self._condition.notify_all()

    # ---- what leaves ----

    def _send_all(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(self._something)
                if self._closing:
                    return
                request = self._take_due()
                cancel = self._cancelled_up_to if self._cancel_due else 0
                signals, self._signals = self._signals, []
                refused, self._refused = self._refused, []
                self._due = self._cancel_due = False
            for each in refused:
                self._emit(each)
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

    def _take_due(self) -> Request | None:
        """The request that is to be sent now; the last one from then on. With the lock."""
        if self._last is None or not self._due:
            return None
        self._last, lost = self._done_once.without_lost(self._last, self.place)
        self._refused += lost
        return self._last

    def _give_up(self, request: Request | None, error: Exception) -> None:
        """A request is lost to something that nobody has foreseen. To be called where that is handled."""
        if self._closing:
            return
        log.exception("the link to %s", self.place)
        if request is not None:
            words = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
            hint = "Ask again; where that does not help, disconnect."
            self._end(request, FailureReply(request.number, "run", f"The link to {self.place} failed: {words}", hint))

    def _fail(self, request: Request | None, words: str, hint: str) -> None:
        if request is not None:
            self._end(request, FailureReply(request.number, "run", words, hint))

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
        def tell(words: str, share: float) -> None:
            if self._closing or request is not self._last:
                raise Cancelled
            if words:
                self._emit(ProgressReply(request.number, words, share))

        try:
            prepared = self._sending.prepare(request, self._life, tell)
            if isinstance(prepared, RoomReply):
                self._end(request, prepared)
                return
            self._done_once.note(request)
            latency = self._sending.ask(prepared, tell)
        except (LinkCut, WorkerDied):
            raise
        except Cancelled:  # while something was sent: a newer request has come, or none is wanted
            return
        except WirescopeError as error:
            where: Literal["model", "run"] = "model" if isinstance(error, ModelError) else "run"
            self._end(request, FailureReply(request.number, where, error.message, error.hint))
            return
        self.latency = latency
        if not self._closing:
            self.latency_changed.emit(latency)

    # ---- what comes ----

    def _receive_all(self) -> None:
        while not self._closing:
            try:
                self._mend()
                self._receive()
                self._pause, self._starts = PAUSE, 0
            except WorkerDied as error:
                self._take_death(error)
            except WirescopeError as error:  # and what a link says that is tried again
                self._take_cut(error)
            except Exception as error:  # as where something is sent
                self._give_up(self._last, error)
                self._wait(PAUSE)

    def _take_death(self, error: WorkerDied) -> None:
        """Another worker is to be started: at once, but for one that has ended before a word came."""
        if self._closing:
            return
        log.info("the worker at %s: %s", self.place, error)
        if not self._starts:
            self._count_death()
        self._is_cut, self._has_died = False, True
        self._starts += 1
        if self._starts >= MOST_STARTS:
            self._give_up_starting(error)
            return
        self._say("The worker has ended: it is started again")
        if self._starts > 1:
            self._wait_longer()

    def _give_up_starting(self, error: WorkerDied) -> None:
        """Until something is asked again."""
        self._say(f"The worker at {self.place} cannot be started")
        words = f"The worker at {self.place} was started {MOST_STARTS} times, and ended before it said a word."
        hint = "Choose File > Disconnect to go on here. What is asked next has it started again."
        self._fail(self._last, f"{words} {error.message}", hint)
        with self._condition:
            self._condition.wait_for(lambda: self._closing or self._last is not None)
        self._pause, self._starts = PAUSE, 1

    def _take_cut(self, error: WirescopeError) -> None:
        """It is tried again, after a pause."""
        log.info("the link to %s: %s", self.place, error)
        if isinstance(error, PlaceGone):
            self._say_gone()
        elif isinstance(error, NotStarted | OtherVersion):
            self._say(f"{error.message} {error.hint}".strip())
            if isinstance(error, OtherVersion):
                self._fail(self._last, error.message, error.hint)
        else:
            self._is_cut = True
            self._say("The link is cut: trying again")
        self._wait_longer()

    def _wait_longer(self) -> None:
        self._wait(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _wait(self, seconds: float) -> None:
        """Before the next try; not where there is none."""
        with self._condition:
            self._condition.wait_for(lambda: self._closing, seconds)

    def _receive(self) -> None:
        """Take the replies that there are. Raises LinkCut, WorkerDied, and what a link says that is tried again."""
        life, replies = self._link.replies(self._life, self._after, 0.0 if self._trouble else POLL)
        last = self._last
        number = 0 if last is None else last.number
        read = [(serial, decoded(self._wire, self._link, data, parts, number)) for serial, data, parts in replies]
        self._heard = time.monotonic()
        if self._silent:
            self._silent = False
            self._tell_link("")
        another = life != self._life
        if another:  # its replies are numbered anew, and it may not have the request
            if self._life and not self._closing:
                self.restarted.emit()
            self._life, self._after = life, 0
        if self._trouble or another:
            self._say("")
            self._gone_is_said = False
            self._send_anew()
        for serial, reply in read:
            self._take(serial, reply)

    def _mend(self) -> None:
        """Find the worker again where the link was cut, and start another where it has died. Raises LinkCut,
        WorkerDied, PlaceGone, OtherVersion, and what a link says that is tried again."""
        if self._is_cut:
            self._link.reconnect()
            self._is_cut = self._has_died = False
            self._unchecked = True
        elif self._has_died:
            self._link.restart()
            self._has_died = False
            self._unchecked = True
            with self._condition:
                self._done_once.lose()
                self._signals = list(self._given)
        if self._unchecked and self._closing:
            self._close()  # one that was found, or started, as the window left the one before
        elif self._unchecked:
            self._check_version()

    def _check_version(self) -> None:
        """A machine that comes back may have another Wirescope. Raises OtherVersion, and as a link does."""
        refused = refusal(versions(), self._link.hello())
        if refused:
            raise OtherVersion(refused, "Or choose File > Disconnect to go on here.")
        self._unchecked = False

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
        if deadly:
            words = f"The worker at {self.place} ended {MOST_DEATHS} times over this request."
            hint = "It may need more memory than there is: choose another place, or a smaller model or dataset."
            self._fail(request, words, hint)

    def _send_anew(self) -> None:
        """The request that is not answered to its end; a worker that has it takes it once."""
        with self._condition:
            self._due = self._last is not None
            self._condition.notify_all()

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
