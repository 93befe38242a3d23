"""Figures that were computed once, on this computer, by what they depend on: `checkpoints` in the user's cache folder,
or in $WIRESCOPE_DATA if that is set. A file is an NPZ without pickles, some kilobytes for each checkpoint; those used
longest ago go first. A folder that cannot be written costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import platformdirs
from numpy.typing import NDArray

from core.errors import WirescopeError
from core.saving import save_bytes

FORMAT = 3  # raised with every change of what is computed
MOST = 1000  # files
Arrays = dict[str, NDArray[Any]]


def figures_folder() -> Path:
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "checkpoints"


def key_of(parts: Mapping[str, Any]) -> str:
    """A name for figures: by all that they depend on, as text and numbers."""
    told = json.dumps([FORMAT, parts], sort_keys=True, default=str)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def kept(key: str) -> Arrays | None:
    """What was kept under a name; None where nothing was, or it cannot be read."""
    path = figures_folder() / f"{key}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        os.utime(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return arrays


def keep(key: str, arrays: Arrays) -> None:
    """Keep arrays under a name."""
    written = io.BytesIO()
    np.savez(written, **arrays)  # type: ignore[arg-type]
    with suppress(OSError, WirescopeError):
        folder = figures_folder()
        folder.mkdir(parents=True, exist_ok=True)
        save_bytes(folder / f"{key}.npz", written.getvalue())
        files = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for old in files[: max(0, len(files) - MOST)]:
            old.unlink()
