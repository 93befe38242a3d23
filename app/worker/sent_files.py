"""Files of the window's machine that a worker on another one has been sent, by what is in them."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.errors import InputError
from core.sent.store import give_name

MOST_BYTES = 4_000_000_000  # of all together
DIGEST = re.compile(r"[0-9a-f]{64}")


class SentFiles:
    """In a folder of their own, which goes with the process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="wirescope-files-")
        self._places: dict[str, Path] = {}
        self._bytes = 0

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those that are not here."""
        return [digest for digest in digests if digest not in self._places]

    def put(self, digest: str, name: str, data: bytes) -> None:
        """Take a file. digest: the SHA-256 of its bytes. Raises InputError where these do not fit together, and where
        there is no room."""
        if not DIGEST.fullmatch(digest) or hashlib.sha256(data).hexdigest() != digest:
            raise InputError(f"{name[:80]} came with other bytes than it was sent with.", "Try again.")
        if self._bytes + len(data) > MOST_BYTES:
            raise InputError(f"{MOST_BYTES / 1e9:.0f} GB of files were sent, and {name[:80]} is more.", "Connect anew.")
        folder = Path(self._folder.name) / digest
        folder.mkdir(exist_ok=True)
        place = folder / "sent"
        place.write_bytes(data)
        self._places[digest] = place
        self._bytes += len(data)

    def paths(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Where files are here, by their paths on the window's machine: another place for each path, also where two
        hold the same, so that a place stands for one path. digests: by these paths. Raises InputError for one that was
        not sent."""
        if self.missing(digests.values()):
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
        self._folder.cleanup()
