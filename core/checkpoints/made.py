"""The series that come with Wirescope: small models whose training is a few minutes of one core. They are made on
demand by their training script, into the user's cache folder (or $WIRESCOPE_DATA), and found there from then on.
Imports no torch but to make one."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from core.errors import ArgumentError, Cancelled, WirescopeError

SCRIPT = "resources.models.training.train_series"
PREFIX = "bundled:"
MADE = {
    "names": "the training of `names` at half its width, in which induction forms",
    "copies": "everything from the first step, repeated sequences among it",
    "no-copies": "the same rows, whose loss leaves out what induction predicts",
}
MINUTES, MEGABYTES = 3, 40


def made_folder(name: str) -> Path:
    """Where a series lies once it is made. Raises ArgumentError for an unknown one."""
    if name not in MADE:
        raise ArgumentError(f"There is no bundled series {name!r}.", f"There are: {', '.join(MADE)}.")
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "series" / name


def is_made(name: str) -> bool:
    """Raises ArgumentError for an unknown series."""
    return made_folder(name).is_dir()


def make(
    name: str,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Train a series and keep its checkpoints; the folder, whole or not there. progress: told the share that is done.
    Raises ArgumentError for an unknown one, WirescopeError where the folder cannot be written, Cancelled."""
    folder = made_folder(name)
    if folder.is_dir():
        return folder
    script = importlib.import_module(SCRIPT)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    except OSError as error:
        raise WirescopeError(f"{folder.parent} cannot be written: {error.strerror}.", "Set $WIRESCOPE_DATA.") from None

    def say(done: int, _loss: float) -> None:
        progress(done / script.SERIES[name].last)
        if cancelled():
            raise Cancelled

    try:
        script.make(name, place / name, say)
        (place / name).rename(folder)
    except OSError as error:
        if not folder.is_dir():  # another process may have been first
            raise WirescopeError(f"{folder} cannot be written: {error.strerror}.", "Is the disk full?") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return folder
