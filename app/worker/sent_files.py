"""Files of the window's machine that a worker on another one has been sent, by what is in them."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.messages.links import MOST_SENT
from app.worker.process_folder import ProcessFolder, remove_left
from core.errors import InputError
from core.sent.store import give_name

DIGEST = re.compile(r"[0-9a-f]{64}")


class SentFiles:
    """In a folder of their own, which goes with the process. Where they are too many, those that are asked for no more
    give way."""

    def __init__(self, most_bytes: int = MOST_SENT) -> None:
        """most_bytes: of all together."""
        self._most = most_bytes
        self._folder: ProcessFolder | None = None  # until the first one comes
        self._closed = False
        self._places: dict[str, Path] = {}
        self._sizes: dict[str, int] = {}
        self._begun: Path | None = None  # the last file that is not whole
        self._wanted: frozenset[str] = frozenset()  # by the request that is on its way
        remove_left()

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Of the files of a request, those that are not here."""
        self._wanted = frozenset(digests)
        return sorted(self._wanted - self._places.keys())

    def put(self, digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        """Take bytes of a file, from its start on one after the other. digest: the SHA-256 of the whole, which has
        `size` bytes. Raises InputError where these do not fit together, and where there is no room."""
        title = name[:80]
        if not DIGEST.fullmatch(digest) or not 0 <= begin <= begin + len(data) <= size:
            raise _other_bytes(title)
        try:
            self._make_room(size, title)
            place = self._path() / digest / "sent"
            place.parent.mkdir(exist_ok=True)
            part = place.with_name("part")
            if self._begun is not None and self._begun != part:  # it was given up
                self._begun.unlink(missing_ok=True)
            self._begun = part
            with part.open("r+b" if begin else "wb") as file:
                if file.seek(0, 2) != begin:
                    raise _other_bytes(title)
                file.write(data)
            if begin + len(data) < size:
                return
            if _sha256(part) != digest:
                part.unlink()
                raise _other_bytes(title)
            part.replace(place)
            self._begun = None
        except OSError as error:
            raise InputError(
                f"{title} cannot be kept there: {error.strerror or error}.",
                "Free some space on the disk of its temporary files there, then try again.",
            ) from None
        self._places[digest], self._sizes[digest] = place, size

    def _path(self) -> Path:
        if self._closed:
            raise InputError("The window has left this worker.")
        if self._folder is None:
            self._folder = ProcessFolder()
        return self._folder.path

    def _make_room(self, size: int, title: str) -> None:
        """For so many bytes. Raises InputError."""
        for old in [each for each in self._sizes if each not in self._wanted]:
            if sum(self._sizes.values()) + size <= self._most:
                return
            del self._sizes[old]
            shutil.rmtree(self._places.pop(old).parent, ignore_errors=True)
        if sum(self._sizes.values()) + size > self._most:
            raise InputError(
                f"{self._most / 1e9:.0f} GB of files are the most that is sent, and with {title} they are more.",
                "Take a smaller dataset, or choose File > Disconnect: the files are on this machine.",
            )

    def paths(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Where files are here, by their paths on the window's machine: another place for each path, also where two
        hold the same, so that a place stands for one path. digests: by these paths. Raises InputError for one that was
        not sent."""
        if set(digests.values()) - self._places.keys():
            raise InputError("A file of the request was not sent.", "Try again.")
        return {path: str(self._place(path, digest)) for path, digest in digests.items()}

    def _place(self, path: str, digest: str) -> Path:
        """Of a file under its name there, by which its kind is known. Raises InputError."""
        of_path = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
        name = re.split(r"[/\\]", path)[-1]
        place = self._places[digest].parent / of_path / ("file" if name in ("", ".", "..") else name)
        if not place.exists():
            try:
                place.parent.mkdir(exist_ok=True)
                give_name(self._places[digest], place)
            except (OSError, ValueError) as error:
                raise InputError(
                    f"{place.name[:80]} cannot be kept here: {error}.", "Give it a shorter name."
                ) from None
        return place

    def close(self) -> None:
        """Remove them."""
        self._closed = True
        if self._folder is not None:
            self._folder.close()


def _other_bytes(title: str) -> InputError:
    return InputError(f"{title} came with other bytes than it was sent with.", "Try again.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
