"""Results of a long study on disk while it goes on, so that one that was stopped goes on where it was: by the hash of
all that they depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from core.errors import WirescopeError
from core.program_version import program_version
from core.saving import save_text

ROOT = Path(__file__).resolve().parents[1]
COMPUTED_BY = ("heads", "studies")  # packages of core: what they compute is in these files


def studies_folder() -> Path:
    """`studies` in the user's cache folder, or in $WIRESCOPE_DATA if that is set."""
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "studies"


def folder_of(keep: bool | str | Path) -> Path | None:
    """Where results are kept: True: in `studies_folder`; False: nowhere, None."""
    if isinstance(keep, bool):
        return studies_folder() if keep else None
    return Path(keep)


@cache
def sources_hash() -> str:
    """Of the code that makes the results: another version of it finds none of those of this one."""
    whole = hashlib.sha256()
    for path in sorted(path for name in COMPUTED_BY for path in (ROOT / name).glob("*.py")):
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def digest_of(*parts: Any) -> str:
    """Of what results depend on, and of what makes them: another version of the program may compute otherwise."""
    whole = [program_version(), sources_hash(), *parts]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


class KeptResults:
    """Values by key. digest: of what they are of. folder: None keeps them in memory alone. fresh: what is on disk is
    left aside. Where the folder cannot be written, they are kept until the program ends.

    The file has JSON lines, a mapping each: what is new is a line more, so that its cost does not grow with what is
    there. A line that was broken off is none."""

    def __init__(self, digest: str, folder: Path | None, fresh: bool = False) -> None:
        self._path = None if folder is None else folder / f"{digest}.jsonl"
        self._values: dict[str, Any] = {}
        self._whole = not fresh and self._read()  # whether the file has all values, and nothing else

    def _read(self) -> bool:
        if self._path is None:
            return False
        try:
            *lines, after = self._path.read_text(encoding="utf-8").split("\n")
        except (OSError, ValueError):  # none yet, or one that was damaged: it is made anew
            return False
        whole = not after
        for line in lines:
            try:
                self._values |= json.loads(line)
            except (ValueError, TypeError, RecursionError):
                whole = False
        return whole

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.keep({key: value})

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep some more, or others in place of some."""
        adds = self._whole and not any(key in self._values for key in values)
        self._values.update(values)
        if self._path is None:
            return
        with suppress(OSError, WirescopeError):
            if adds:
                self._add(self._path, values)
            else:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                save_text(self._path, "".join(_line({key: value}) for key, value in self._values.items()))
                self._whole = True

    def _add(self, path: Path, values: Mapping[str, Any]) -> None:
        self._whole = False  # until the line is there
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_line(values))
            file.flush()
            os.fsync(file.fileno())
        self._whole = True


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values) + "\n"
