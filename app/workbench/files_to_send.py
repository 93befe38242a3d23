"""The files that a request names, for a worker on a machine that does not have them: a part at a time, so that it can
be given up, and shown."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app.messages.links import MOST_SENT
from app.messages.request import Query, Request
from app.presenters.plan_words import size_words
from app.workbench.link import Link
from core.errors import InputError
from core.formatting import counted
from core.sent.sending import PART

NAMED_IN = frozenset({"path", "file", "mask", "lens", "other", "more"})  # fields that hold paths of files that are read
MOST_BYTES = 256_000_000  # of one
SHORTER = "Choose File > Disconnect: the files are on this machine. Or take smaller ones."

Tell = Callable[
    [str, float], None
]  # what is done, and the share of it that is; raises Cancelled where it is not to go on


class FilesToSend:
    """To one worker. Remembers what is in files that do not change."""

    def __init__(self, link: Link, most: int = MOST_SENT) -> None:
        """most: bytes of all files of a request together."""
        self._link, self._most = link, most
        self._digests: dict[tuple[str, int, int], str] = {}

    def send(self, request: Request, tell: Tell) -> dict[str, str]:
        """Send what a request reads and the other side does not have. Returns the SHA-256 of each of its files, by its
        path. Folders, and files that are not here, are left to the other side. Raises InputError for files that are
        too large or cannot be read, Cancelled, LinkCut, WorkerDied."""
        paths = sorted({path for path in _paths(request) if os.path.isfile(path)})
        if not paths:
            return {}
        sizes = {path: _size(path) for path in paths}
        whole = max(1, sum(sizes.values()))
        files: dict[str, str] = {}
        read = 0
        for path in paths:
            begins = partial(tell, f"Reading {counted(len(paths), 'file')}", read / whole)
            files[path] = self._digest(path, begins)
            read += sizes[path]
        contents = {digest: path for path, digest in files.items()}
        if (all_of_them := sum(sizes[path] for path in contents.values())) > self._most:
            raise InputError(
                f"The files of the request have {size_words(all_of_them)}, and {size_words(self._most)} are the most "
                "that is sent to another machine.",
                SHORTER,
            )
        self._send({digest: contents[digest] for digest in self._link.missing(sorted(contents))}, sizes, tell)
        return files

    def _send(self, missing: dict[str, str], sizes: dict[str, int], tell: Tell) -> None:
        """missing: paths by what is in the files."""
        whole, sent = sum(sizes[path] for path in missing.values()), 0
        what = f"Sending {counted(len(missing), 'file')} to {self._link.place}"
        for digest, path in missing.items():
            begin = 0
            while True:
                tell(f"{what}: {size_words(sent)} of {size_words(whole)}", sent / max(1, whole))
                data = _part(path, begin)
                self._link.put(digest, Path(path).name, sizes[path], begin, data)
                begin, sent = begin + len(data), sent + len(data)
                if begin >= sizes[path] or not data:  # one that has become shorter is not taken there
                    break

    def _digest(self, path: str, begins: Callable[[], None]) -> str:
        """begins: hears that it is read, as it is not known. Raises InputError."""
        try:
            stat = os.stat(path)
            key = path, stat.st_mtime_ns, stat.st_size
            if key not in self._digests:
                begins()
                with open(path, "rb") as file:
                    self._digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
            return self._digests[key]
        except OSError as error:
            raise _unreadable(path, error) from None


def _size(path: str) -> int:
    """Raises InputError for a file that is too large."""
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise _unreadable(path, error) from None
    if size > MOST_BYTES:
        raise InputError(
            f"{Path(path).name} has {size / 1e6:,.0f} MB, and {MOST_BYTES / 1e6:,.0f} MB are the most that is sent to "
            "another machine.",
            SHORTER,
        )
    return size


def _part(path: str, begin: int) -> bytes:
    """Raises InputError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            file.seek(begin)
            return file.read(PART)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> InputError:
    words = f"{Path(path).name} cannot be read: {error.strerror or error}."
    return InputError(words, "See whether it is still there, and may be read; then try again.")


def _paths(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if value and name in NAMED_IN:
            yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _paths(each, name)
    elif is_dataclass(value) and not (isinstance(value, Query) and value.writes):
        for each in fields(value):
            yield from _paths(getattr(value, each.name), each.name)
