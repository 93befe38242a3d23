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
from core.saving import save_text

ROOT = Path(__file__).resolve().parents[1]
COMPUTED_BY = ("heads", "studies")  # packages of core: what they compute is in these files


def studies_folder() -> Path:
    """`studies` in the user's cache folder, or in $WIRESCOPE_DATA if that is set."""
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "studies"


@cache
def sources_hash() -> str:
    """Of the code that makes the results: another version of it finds none of those of this one."""
    whole = hashlib.sha256()
    for path in sorted(path for name in COMPUTED_BY for path in (ROOT / name).glob("*.py")):
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def digest_of(*parts: Any) -> str:
    return hashlib.sha256(json.dumps([sources_hash(), *parts], sort_keys=True, default=str).encode()).hexdigest()


class KeptResults:
    """Values by key. digest: of what they are of. folder: None keeps them in memory alone. fresh: what is on disk is
    left aside. Where the folder cannot be written, they are kept until the program ends."""

    def __init__(self, digest: str, folder: Path | None, fresh: bool = False) -> None:
        self._path = None if folder is None else folder / f"{digest}.json"
        self._values: dict[str, Any] = {} if fresh else self._read()

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):  # none yet, or one that was damaged: it is made anew
            return {}
        return values if isinstance(values, dict) else {}

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.keep({key: value})

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep some more."""
        self._values.update(values)
        if self._path is None:
            return
        with suppress(OSError, WirescopeError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            save_text(self._path, json.dumps(self._values))
