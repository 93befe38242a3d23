"""A folder that says what was asked of the run in it: `run.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from core.errors import InputError, WirescopeError
from core.saving import save_text
from core.sharded.file_names import LOCK, RUN

FORMAT, VERSION = "wirescope sharded run", 1
Folder = TypeVar("Folder", bound="AskedFolder")


class AskedFolder:
    """Open for one process at a time: use it in a `with`. inside: folders that it has. Raises InputError for a folder
    that another process is at work in, WirescopeError where it cannot be written."""

    def __init__(self, path: str | Path, inside: Sequence[str] = ()) -> None:
        self.path = Path(path)
        try:
            for folder in (self.path, *(self.path / name for name in inside)):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WirescopeError(
                f"{self.path} cannot be made: {error.strerror or error}.", "Choose a folder that you may write to."
            ) from None
        self._lock = FileLock(self.path / LOCK)

    def __enter__(self: Folder) -> Folder:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"Another process is at work in {self.path}.", "Wait for it, or give another folder."
            ) from None
        return self

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    def begin(self, asked: dict[str, Any]) -> None:
        """Write what is asked, or check that it is what was asked before. Raises InputError for another run, with what
        differs."""
        path = self.path / RUN
        said = {"format": FORMAT, "version": VERSION, "asked": json.loads(json.dumps(asked))}
        if not path.exists():
            save_text(path, json.dumps(said, ensure_ascii=False, indent=1))
        elif different := [*_differences(read_run(self.path), said["asked"])]:
            raise InputError(
                f"{self.path} holds another run: {'; '.join(different)}.", "Give another folder, or the same options."
            )


def program_version() -> str:
    """Of Wirescope, as it is installed; empty of a clone that is not."""
    try:
        return version("wirescope")
    except PackageNotFoundError:
        return ""


def read_run(folder: str | Path) -> dict[str, Any]:
    """What was asked of a run. Raises InputError for a folder that holds none."""
    path = Path(folder) / RUN
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] != FORMAT or said["version"] > VERSION or not isinstance(said["asked"], dict):
            raise ValueError("it is of another program or a newer version")
        asked: dict[str, Any] = said["asked"]
        return asked
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} says of no run: {error}.", "Give the folder of a run.") from None


def _differences(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """ "seed is 0 there and 1 here", for all that differs."""
    there, here = dict(_flat(before)), dict(_flat(now))
    for name in dict.fromkeys([*there, *here]):
        if there.get(name) != here.get(name):
            values = (json.dumps(each.get(name), ensure_ascii=False) for each in (there, here))
            yield f"{name} is {next(values)} there and {next(values)} here"


def _flat(said: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value
