"""The files that a request names, for a worker on a machine that does not have them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from app.messages.request import Query, Request
from core.errors import InputError

NAMED_IN = frozenset({"path", "file", "mask", "lens", "other", "more"})  # fields that hold paths of files that are read
MOST_BYTES = 256_000_000  # of one


class FilesToSend:
    """Remembers what is in files that do not change."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int, int], str] = {}

    def of(self, request: Request) -> dict[str, str]:
        """The SHA-256 of each file of this machine that a request reads, by its path. Raises InputError for one that is
        too large. Folders, and files that are not here, are left to the other side."""
        paths = {path for path in _paths(request) if os.path.isfile(path)}
        return {path: self._digest(path) for path in sorted(paths)}

    def _digest(self, path: str) -> str:
        try:
            stat = os.stat(path)
            if stat.st_size > MOST_BYTES:
                raise InputError(
                    f"{Path(path).name} has {stat.st_size / 1e6:,.0f} MB, and {MOST_BYTES / 1e6:,.0f} MB are the most "
                    "that is sent to another machine.",
                    "Put it at the same path there, or disconnect.",
                )
            key = path, stat.st_mtime_ns, stat.st_size
            if key not in self._digests:
                self._digests[key] = hashlib.sha256(read(path)).hexdigest()
            return self._digests[key]
        except OSError as error:
            raise _unreadable(path, error) from None


def read(path: str) -> bytes:
    """What is in a file. Raises InputError where it cannot be read."""
    try:
        return Path(path).read_bytes()
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
