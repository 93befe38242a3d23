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
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import getnode, uuid4

from app.messages.replies import ScoresReply
from app.messages.request import FailureReply, ProgressReply, Reply, Request
from app.messages.request_loop import RequestLoop, Server
from app.messages.stop_signal import give
from app.messages.wire.codec import Wire
from app.messages.wire.errors import WireError
from app.messages.wire.forms import feature_modules, forms
from app.messages.wire.parts import Encoded, PartsMissing
from app.messages.wire.versions import versions
from app.worker.sent_files import SentFiles
from core.errors import InputError
from core.models.kept_code import bound_kept_code
from core.sent.data_files import DataFile
from core.sent.store import SentModels, has_files

LONGEST_POLL = 30.0  # seconds
MOST_KNOWN = 10_000  # parts of replies that are remembered to have come
SUPERSEDED = (ProgressReply, ScoresReply)  # of which the newest says all that those before said


def make_service(device: str = "cpu") -> Server:
    """Serves all queries of this package's features, with models on a device. Imports torch, and no window."""
    from app.worker.service import WorkerService

    bound_kept_code()
    return WorkerService(lambda: feature_modules("handlers"), device)


def file_system() -> str:
    """What tells whose files a process sees: another machine has another, also where it has the same name, and so does
    a container of the same machine."""
    boot, folders = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/mnt")
    try:
        root = os.stat("/")
        return f"{platform.node()} {boot.read_text().strip()} {folders.readlink()} {root.st_dev} {root.st_ino}"
    except OSError:  # no Linux
        return f"{platform.node()} {getnode():x}"


@dataclass(frozen=True)
class _Kept:
    """A reply that is not acknowledged yet. superseded_as: its kind, where a newer one of that kind replaces it."""

    serial: int
    encoded: Encoded
    superseded_as: type | None


class RemoteSide:
    """Of one window. Each method may be called from a thread of its own."""

    def __init__(self, make_server: Callable[[], Server] = make_service, idle_seconds: float | None = None) -> None:
        """idle_seconds: after which the process ends where nobody asks for anything; None: never."""
        self._in, self._out = Wire(forms()), Wire(forms())
        self._files, self._models = SentFiles(), SentModels()
        self._life = uuid4().hex  # another one where this was started again
        self._changed = threading.Condition()
        self._kept: list[_Kept] = []  # by serial
        self._known: OrderedDict[str, None] = OrderedDict()  # parts of replies that have come, and need not go again
        self._serial = 0
        self._latest = 0
        self._heard = time.monotonic()
        self._loop = RequestLoop(make_server, self._keep)
        self._loop.start()
        if idle_seconds is not None:
            threading.Thread(target=self._end_when_idle, args=(idle_seconds,), daemon=True).start()

    def hello(self) -> dict[str, str]:
        """The versions of this side, its machine, files and process, and what tells this life of it from an earlier
        one."""
        self._heard = time.monotonic()
        of_process = {"machine": platform.node(), "files": file_system(), "process": str(os.getpid())}
        return {**versions(), "life": self._life, **of_process}

    def missing(self, digests: list[str]) -> list[str]:
        """Of files by what is in them, those that are not here."""
        return self._files.missing(digests)

    def put(self, digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        """Bytes of a file of the window's machine: see `SentFiles.put`."""
        self._heard = time.monotonic()
        self._files.put(digest, name, size, begin, data)

    def has_model(self, folder: str, sizes: dict[str, int]) -> bool:
        """Whether a model's folder lies here at the same path as on the window's machine, with files of these sizes."""
        self._heard = time.monotonic()
        return has_files(Path(folder), sizes)

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        """Of a model's files, by their SHA-256, how much of each that is not here whole is here; and the bytes of disk
        that are free. Raises ModelError."""
        self._heard = time.monotonic()
        return self._models.begun(files), self._models.free()

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        """A part of a model's file: see `SentModels.put`."""
        self._heard = time.monotonic()
        return self._models.put(file, begin, data)

    def model_folder(self, name: str, files: dict[str, DataFile]) -> str:
        """Where a folder of files that were sent is here. Raises ModelError."""
        self._heard = time.monotonic()
        return str(self._models.folder(name, files))

    def put_part(self, digest: str, data: bytes) -> None:
        """A large value of a request. Raises WireError."""
        self._heard = time.monotonic()
        self._in.kept.put(digest, data)

    def ask(self, data: bytes, files: dict[str, str], named: dict[str, str]) -> list[str]:
        """Take an encoded request; one that is here already, as its sender could not know, is not taken twice. files:
        those that it reads and that were sent, what is in them by their paths there. named: what texts of the window's
        machine, names of models, are called here. Returns the digests of the large
        values that it names and that are not here: it is then not taken. Raises WireError for what is no request,
        InputError for files that were not sent."""
        self._heard = time.monotonic()
        paths = {**named, **self._files.paths(files)}
        self._in.renamed = paths
        self._out.renamed = {**self._out.renamed, **{here: there for there, here in paths.items()}}
        try:
            request = self._in.decode(data)
        except PartsMissing as missing:
            return list(missing.digests)
        if not isinstance(request, Request):
            raise WireError(f"A {type(request).__name__} came; a request was to come.")
        with self._changed:
            if request.number <= self._latest:
                return []
            self._latest = request.number
            self._kept.clear()
        self._loop.ask(request)
        return []

    def cancel(self, up_to: int) -> None:
        """Give up the requests up to a number; what runs notices between two layers."""
        self._loop.cancel(up_to)

    def give(self, name: str) -> None:
        """A stop signal is set in the window."""
        give(name)

    def replies(self, life: str, after: int, seconds: float) -> tuple[str, list[tuple[int, bytes, dict[str, bytes]]]]:
        """The name of this life, and the encoded replies with their serial numbers and those of their large values that
        have not come before; waits for one for so many seconds. Those up to `after` have come and are forgotten, where
        they were of this life."""
        self._heard = time.monotonic()
        after = after if life == self._life else 0
        with self._changed:
            for each in self._kept:
                if each.serial <= after:
                    self._known.update(dict.fromkeys(each.encoded.parts))
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
            self._kept = [each for each in self._kept if each.serial > after]
            self._changed.wait_for(lambda: self._kept, min(max(seconds, 0.0), LONGEST_POLL))
            return self._life, [(each.serial, each.encoded.data, self._new_parts(each.encoded)) for each in self._kept]

    def _new_parts(self, encoded: Encoded) -> dict[str, bytes]:
        return {digest: data for digest, data in encoded.parts.items() if digest not in self._known}

    def parts(self, digests: list[str]) -> dict[str, bytes]:
        """Large values of replies that are not acknowledged yet; without those that are not here any more."""
        with self._changed:
            kept: Mapping[str, bytes] = {key: data for each in self._kept for key, data in each.encoded.parts.items()}
        return {digest: kept[digest] for digest in digests if digest in kept}

    def close(self, seconds: float = 10.0) -> None:
        """End the worker's thread, which is waited for so long, and remove the files that were sent."""
        self._loop.stop(seconds)
        self._files.close()

    def _end_when_idle(self, seconds: float) -> None:
        """A window whose link was cut for good does not leave this process behind."""
        while (left := self._heard + seconds - time.monotonic()) > 0:
            time.sleep(left)
        self._files.close()
        os._exit(0)  # Ray would start one anew that ends by an exception

    def _keep(self, reply: Reply) -> None:
        """In the worker's thread."""
        try:
            encoded = self._out.encode_in_parts(reply)
        except (WireError, InputError) as error:
            failure = FailureReply(reply.number, "run", error.message, error.hint)
            encoded = self._out.encode_in_parts(failure)
        kind = type(reply) if isinstance(reply, SUPERSEDED) else None
        with self._changed:
            if reply.number < self._latest:
                return
            if kind is not None:
                self._kept = [each for each in self._kept if each.superseded_as is not kind]
            self._serial += 1
            self._kept.append(_Kept(self._serial, encoded, kind))
            self._changed.notify_all()
