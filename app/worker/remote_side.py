"""The worker's side of a window that is not in this process: requests come in and replies go out as bytes.

It serves the requests of the interface and nothing else: what comes in is decoded by the allow-list of
`app.messages.wire`. Replies are numbered and kept until the window has said that it has them, so that a link that is
cut loses none. Imports no Ray: a home of it (`app.worker.ray_home`) makes one in a process of its own.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable
from importlib import metadata
from uuid import uuid4

from app.messages.replies import ScoresReply
from app.messages.request import FailureReply, ProgressReply, Reply, Request
from app.messages.request_loop import RequestLoop, Server
from app.messages.stop_signal import give
from app.messages.wire.codec import VERSION, Wire, WireError
from app.messages.wire.forms import feature_modules, forms
from app.worker.sent_files import SentFiles
from core.errors import InputError

LONGEST_POLL = 30.0  # seconds
SUPERSEDED = (ProgressReply, ScoresReply)  # of which the newest says all that those before said


def make_service() -> Server:
    """Serves all queries of this package's features. Imports torch, and no window."""
    from app.worker.service import WorkerService

    return WorkerService(lambda: feature_modules("handlers"))


def versions() -> dict[str, str]:
    """What both sides must agree on, or should: the form of messages, Wirescope, torch, Python."""
    return {
        "protocol": str(VERSION),
        "wirescope": _version("wirescope"),
        "torch": _version("torch"),
        "python": platform.python_version(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "a clone"


class RemoteSide:
    """Of one window. Each method may be called from a thread of its own."""

    def __init__(self, make_server: Callable[[], Server] = make_service, idle_seconds: float | None = None) -> None:
        """idle_seconds: after which the process ends where nobody asks for anything; None: never."""
        self._in, self._out = Wire(forms()), Wire(forms())
        self._files = SentFiles()
        self._life = uuid4().hex  # another one where this was started again
        self._changed = threading.Condition()
        self._kept: list[tuple[int, Reply | None, bytes]] = []  # by serial; those that are not acknowledged yet
        self._serial = 0
        self._latest = 0
        self._heard = time.monotonic()
        self._loop = RequestLoop(make_server, self._keep)
        self._loop.start()
        if idle_seconds is not None:
            threading.Thread(target=self._end_when_idle, args=(idle_seconds,), daemon=True).start()

    def hello(self) -> dict[str, str]:
        """The versions of this side, its machine and process, and what tells this life of it from an earlier one."""
        self._heard = time.monotonic()
        return {**versions(), "life": self._life, "machine": platform.node(), "process": str(os.getpid())}

    def missing(self, digests: list[str]) -> list[str]:
        """Of files by what is in them, those that are not here."""
        return self._files.missing(digests)

    def put(self, digest: str, name: str, data: bytes) -> None:
        """A file of the window's machine. Raises InputError."""
        self._heard = time.monotonic()
        self._files.put(digest, name, data)

    def ask(self, data: bytes, files: dict[str, str]) -> None:
        """Take an encoded request; one that is here already, as its sender could not know, is not taken twice. files:
        those that it reads and that were sent, what is in them by their paths there. Raises WireError for what is no
        request, InputError for files that were not sent."""
        self._heard = time.monotonic()
        paths = self._files.paths(files)
        self._in.renamed = paths
        self._out.renamed = {**self._out.renamed, **{here: there for there, here in paths.items()}}
        request = self._in.decode(data)
        if not isinstance(request, Request):
            raise WireError(f"A {type(request).__name__} came; a request was to come.")
        with self._changed:
            if request.number <= self._latest:
                return
            self._latest = request.number
            self._kept.clear()
        self._loop.ask(request)

    def cancel(self, up_to: int) -> None:
        """Give up the requests up to a number; what runs notices between two layers."""
        self._loop.cancel(up_to)

    def give(self, name: str) -> None:
        """A stop signal is set in the window."""
        give(name)

    def replies(self, life: str, after: int, seconds: float) -> tuple[str, list[tuple[int, bytes]]]:
        """The name of this life, and the encoded replies with their serial numbers; waits for one for so many seconds.
        Those up to `after` have come and are forgotten, where they were of this life."""
        self._heard = time.monotonic()
        after = after if life == self._life else 0
        with self._changed:
            self._kept = [each for each in self._kept if each[0] > after]
            self._changed.wait_for(lambda: self._kept, min(max(seconds, 0.0), LONGEST_POLL))
            return self._life, [(serial, data) for serial, _, data in self._kept]

    def close(self, seconds: float = 10.0) -> None:
        """End the worker's thread."""
        self._loop.stop(seconds)
        self._files.close()

    def _end_when_idle(self, seconds: float) -> None:
        """A window whose link was cut for good does not leave this process behind."""
        while (left := self._heard + seconds - time.monotonic()) > 0:
            time.sleep(left)
        os._exit(0)  # Ray would start one anew that ends by an exception

    def _keep(self, reply: Reply) -> None:
        """In the worker's thread."""
        try:
            data = self._out.encode(reply)
        except (WireError, InputError) as error:
            failure = FailureReply(reply.number, "run", error.message, error.hint)
            data = self._out.encode(failure)
        with self._changed:
            if reply.number < self._latest:
                return
            if isinstance(reply, SUPERSEDED):
                self._kept = [each for each in self._kept if type(each[1]) is not type(reply)]
            self._serial += 1
            self._kept.append((self._serial, reply if isinstance(reply, SUPERSEDED) else None, data))
            self._changed.notify_all()
