"""The series that come with Wirescope: small models whose training is a few minutes of one core. They are made on
demand by their training script, into the user's cache folder (or $WIRESCOPE_DATA), and found there from then on.
Imports no torch but to make one."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
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
MINUTES, MEGABYTES = 6, 40  # of `names`; half as many where the processor computes in bfloat16
ROOT = Path(__file__).resolve().parents[2]  # where `core` and `resources` are
TOLD = re.compile(r"step (\d+) of (\d+)")
Report = Callable[[int, int, str], None]  # done, of how many, words


def series_folder(name: str) -> Path:
    """Where a series lies once it is made. Raises ArgumentError for an unknown one."""
    if name not in MADE:
        raise ArgumentError(f"There is no bundled series {name!r}.", f"There are: {', '.join(MADE)}.")
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "series" / name


def is_made(name: str) -> bool:
    """Raises ArgumentError for an unknown series."""
    return series_folder(name).is_dir()


def make(
    name: str,
    progress: Callable[[float], None] = lambda share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Train a series and keep its checkpoints; the folder, whole or not there. progress: told the share that is done.
    Raises ArgumentError for an unknown one, WirescopeError where the folder cannot be written, Cancelled."""
    script = importlib.import_module(SCRIPT)

    def say(done: int, _loss: float) -> None:
        progress(done / script.SERIES[name].last)
        if cancelled():
            raise Cancelled

    return _placed(name, lambda place: script.make(name, place, say))


def make_apart(name: str, report: Report, cancelled: Callable[[], bool]) -> Path:
    """The same in a process of its own, which leaves this one free. report: told the steps that are done, and of how
    many. Raises what `make` does, and WirescopeError where that process fails."""

    def run(place: Path) -> None:
        with subprocess.Popen(
            command(name, place), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            said = ""
            assert process.stdout is not None
            for said in process.stdout:
                if cancelled():
                    process.kill()
                    raise Cancelled
                if match := TOLD.match(said):
                    report(int(match[1]), int(match[2]), f"Training {name}")
        if process.returncode:
            raise WirescopeError(f"The training of {name} failed: {said.strip()}", "Is there room on the disk?")

    return _placed(name, run)


def command(name: str, place: Path) -> list[str]:
    """What trains a series in a process of its own; each line that it prints begins as TOLD does."""
    return [sys.executable, "-m", SCRIPT, name, str(place)]


def _placed(name: str, work: Callable[[Path], object]) -> Path:
    """What some work writes into a new folder, in its place once it is whole."""
    folder = series_folder(name)
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
    except OSError as error:
        raise WirescopeError(f"{folder.parent} cannot be written: {error.strerror}.", "Set $WIRESCOPE_DATA.") from None
    try:
        work(place / name)
        (place / name).rename(folder)
    except OSError as error:
        if not folder.is_dir():  # another process may have been first
            raise WirescopeError(f"{folder} cannot be written: {error.strerror}.", "Is the disk full?") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return folder
