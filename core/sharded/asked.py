"""A folder that says what was asked of the run in it: `run.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from core.errors import InputError, WirescopeError
from core.saving import hint_of, save_text
from core.sharded.file_names import LOCK, ROWS, ROWS_BEGUN, RUN

FORMAT, VERSION = "wirescope sharded run", 1
LONGEST = 100  # characters of a value that is written out where it differs
METRIC = "work: metric"
WORDS = {  # for what runs are asked
    "pairs: pairs": "number of pairs",
    "pairs: task": "task",
    "pairs: seed": "seed of the pairs",
    "pairs: rows of": "file of pairs",
    "pairs: sha-256": "hash of the rows",
    "shard": "number of pairs in a shard",
    "work: scores": "hash of the scores",
    "weights": "hash of the weights",
    "wirescope": "version of Wirescope",
}
Folder = TypeVar("Folder", bound="AskedFolder")


class AskedFolder:
    """Open for one process at a time: use it in a `with`, which leaves nothing of its own where no run has begun.
    inside: folders that it has. Raises InputError for a folder that another process is at work in, WirescopeError where
    it cannot be written."""

    def __init__(self, path: str | Path, inside: Sequence[str] = ()) -> None:
        self.path = Path(path)
        self._inside = [self.path / name for name in inside]
        try:
            self._made = missing_folders(self.path)
            for folder in (self.path, *self._inside):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WirescopeError(f"{self.path} cannot be made: {error.strerror or error}.", hint_of(error)) from None
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
        begun = (self.path / RUN).exists()
        for name in () if begun else (ROWS, ROWS_BEGUN, LOCK):  # while nobody else can be at work here
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)
        self._lock.release()
        for folder in () if begun else (*self._inside, *self._made):  # one with anything in it stays
            with suppress(OSError):
                folder.rmdir()

    def begin(self, asked: dict[str, Any], metric: str | None = None) -> None:
        """Write what is asked, or check that it is what was asked before. metric: that pairs have where none is asked
        for, so that it is the same whether it was named or not. Raises InputError for another run, with what
        differs."""
        self.check(asked, metric)
        path = self.path / RUN
        if not path.exists():
            said = {"format": FORMAT, "version": VERSION, "asked": asked}
            save_text(path, json.dumps(said, ensure_ascii=False, indent=1), lasting=True)

    def check(self, asked: dict[str, Any], metric: str | None = None) -> None:
        """Raise InputError where another run has begun in it, with what differs. metric: as `begin` takes it."""
        if (self.path / RUN).exists():
            before, now = dict(_flat(read_run(self.path))), dict(_flat(json.loads(json.dumps(asked))))
            _refuse(self.path, [*_differences(_with_metric(before, metric), _with_metric(now, metric))])


def check_same_run(folder: Path, known: Mapping[str, Any], metric: str | None = None) -> None:
    """Raise InputError for a folder with another run than the one that is to begin there, with what differs. known:
    what `run.json` will say of that one, as far as it is known before the model is opened; the rest is checked then.
    metric: as `AskedFolder.begin` takes it."""
    if (folder / RUN).exists():
        there, here = read_run(folder), json.loads(json.dumps(known))
        now = dict(_flat({name: value for name, value in here.items() if name in there}))
        before = {name: value for name, value in _flat(there) if name in now}
        _refuse(folder, [*_differences(_with_metric(before, metric), _with_metric(now, metric))])


def _with_metric(flat: dict[str, Any], usual: str | None) -> dict[str, Any]:
    """With the metric that counts, where none was asked for."""
    return {**flat, METRIC: usual} if METRIC in flat and flat[METRIC] is None else flat


def _refuse(folder: Path, different: Sequence[str]) -> None:
    """Raise InputError where anything is different."""
    if different:
        raise InputError(
            f"{folder} holds another run: {'; '.join(different)}.", "Give another folder, or the same options."
        )


def missing_folders(path: Path) -> list[Path]:
    """It and those it lies in, as far as they are not there, the innermost first. Raises OSError, ValueError."""
    return [each for each in (path, *path.parents) if not each.exists()]


def read_run(folder: str | Path) -> dict[str, Any]:
    """What was asked of a run. Raises InputError for a folder that holds none."""
    path = Path(folder) / RUN
    hint = "Give the folder of a run."
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", hint) from None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise InputError(f"{path} is not of a run of Wirescope.", hint)
    asked, version = said.get("asked"), said.get("version")
    if not isinstance(asked, dict) or not isinstance(version, int):
        raise InputError(f"{path} does not say what was asked.", hint)
    if version > VERSION:
        raise InputError(f"{path} was written by a newer version of Wirescope.", hint)
    return asked


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """ "seed of the pairs 0 instead of 1", for all that differs; of long values that they do."""
    for name in dict.fromkeys([*there, *here]):
        if there.get(name) != here.get(name):
            values = [_value(each.get(name)) for each in (there, here)]
            told = " instead of ".join(values) if max(map(len, values)) <= LONGEST else "that differs"
            yield f"{_words(name)} {told}"


def _words(name: str) -> str:
    return WORDS.get(name) or name.removeprefix("work: ").replace("_", " ")


def _value(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _flat(said: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value
