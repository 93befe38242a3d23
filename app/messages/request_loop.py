"""The loop of a worker's thread, in the window's process or another: the newest request wins.

At most one request runs and one waits. A newer one takes the place of the waiting one and cancels the running one,
which notices between two layers. Replies to a request that is not the latest are dropped. Errors come back as
replies.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from typing import Protocol

from app.messages.request import Cancel, FailureReply, ProgressReply, Reply, Request, RequestDone, Send
from core.errors import Cancelled, WirescopeError

log = logging.getLogger(__name__)

LOADING = "Loading the libraries that run models"  # which takes longer than all else at the start


class Server(Protocol):
    """Does the work: sends replies, asks `cancelled` now and then. One that has a `close` is closed at the end."""

    def serve(self, request: Request, send: Send, cancelled: Cancel) -> None: ...


class RequestLoop:
    """One thread with its server, which is made there, so that what it imports holds up nobody else. send: takes the
    replies, in that thread."""

    def __init__(self, make_server: Callable[[], Server], send: Send) -> None:
        self._make_server, self._reply = make_server, send
        self._condition = threading.Condition()
        self._waiting: Request | None = None
        self._latest = 0
        self._cancelled_up_to = 0
        self._closing = self._releasing = False
        self._thread = threading.Thread(target=self._run, name="wirescope-engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask(self, request: Request) -> None:
        """Take a request; it replaces whatever waits and cancels what runs."""
        with self._condition:
            self._waiting = request
            self._latest = request.number
            self._condition.notify()

    def cancel(self, up_to: int | None = None) -> None:
        """Give up the running and the waiting request. up_to: those up to this number; None: to the latest."""
        with self._condition:
            self._cancelled_up_to = self._latest if up_to is None else max(up_to, self._cancelled_up_to)
            if self._waiting is not None and self._waiting.number <= self._cancelled_up_to:
                self._waiting = None

    def release(self) -> None:
        """Let go of the server, once what runs has ended; the next request has another one."""
        with self._condition:
            self._waiting = None
            self._cancelled_up_to = self._latest
            self._releasing = True
            self._condition.notify()

    def stop(self, seconds: float = 10.0) -> bool:
        """End the thread. Returns whether it ended in time; a model that is being read cannot be interrupted."""
        with self._condition:
            self._closing = True
            self._waiting = None
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # ---- in the worker's thread ----

    def _run(self) -> None:
        server: Server | None = None
        while True:
            request = self._next()
            if request is None:
                _close(server)
                server = None
                if self._closing:
                    return
                continue
            try:
                if server is None:
                    self._send(ProgressReply(request.number, LOADING))
                    server = self._make_server()
                server.serve(request, self._send, lambda number=request.number: self._stale(number))  # type: ignore[misc]
            except Cancelled:
                pass
            except WirescopeError as error:
                self._send(FailureReply(request.number, "run", error.message, error.hint))
            except Exception as error:
                log.exception("a request failed")
                self._send(
                    FailureReply(
                        request.number,
                        "run",
                        f"Something went wrong in the engine: {error}",
                        "Your inputs and edits are kept. If it comes again, Copy Details is for a report.",
                        traceback.format_exc(),
                    )
                )
            self._send(RequestDone(request.number))

    def _next(self) -> Request | None:
        """The next request, when there is one; None where the server is to go."""
        with self._condition:
            while self._waiting is None and not self._closing and not self._releasing:
                self._condition.wait()
            if self._closing or self._releasing:
                self._releasing = False
                return None
            request, self._waiting = self._waiting, None
            return request

    def _stale(self, number: int) -> bool:
        return self._closing or number < self._latest or number <= self._cancelled_up_to

    def _send(self, reply: Reply) -> None:
        with self._condition:
            if self._stale(reply.number):
                return
        self._reply(reply)


def _close(server: Server | None) -> None:
    close = getattr(server, "close", None)
    if close is not None:
        close()
