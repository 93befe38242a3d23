"""What a program may reach of this machine: models that are here, and files below one folder that the user has named.
Nothing else, whatever a call says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import ArgumentError, InputError

MOST_BYTES = 32_000_000  # of a file that is read
_OWN = re.compile(r"(bundled|pack):[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Permits:
    """folder: of files that may be read and written; None: none. models: that may be opened, beside those that come
    with the program and packs that are installed: a name of another place could bring a download, or any folder."""

    folder: Path | None = None
    models: frozenset[str] = frozenset()

    def check_model(self, name: str) -> None:
        """Raise ArgumentError for a model that programs may not open."""
        if name not in self.models and not _OWN.fullmatch(name):
            raise ArgumentError(
                f"Programs may not open {name[:80]!r} here.",
                "They may open bundled:NAME and installed pack:NAME, and what was named when the door was opened "
                "(wirescope serve MODEL …).",
            )

    def place(self, name: str) -> Path:
        """A file below the folder. Raises ArgumentError for any other, also where a link leads out of it."""
        if self.folder is None:
            raise ArgumentError("Programs may read and write no files here.", "Open the door with a folder for them.")
        root = self.folder.resolve()
        try:
            place = (root / name).resolve()
        except (OSError, ValueError):
            raise ArgumentError(f"{name[:80]!r} is no name of a file.") from None
        if place == root or not place.is_relative_to(root):
            raise ArgumentError(f"{name[:80]!r} is not below the folder of this door.", "Name a file inside it.")
        return place

    def read(self, name: str) -> bytes:
        """The content of a file below the folder. Raises ArgumentError, InputError."""
        place = self.place(name)
        try:
            if not place.is_file():
                raise InputError(f"There is no file {name[:80]!r}.")
            if place.stat().st_size > MOST_BYTES:
                raise InputError(f"{name[:80]!r} has more than {MOST_BYTES:,} bytes.")
            return place.read_bytes()
        except OSError as error:
            raise InputError(f"{name[:80]!r} cannot be read: {error.strerror}.") from None
