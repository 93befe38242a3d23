"""Where the pairs of a run come from, a shard at a time: never are all of them in memory.

A task's pairs are drawn shard by shard, each with a seed of its own, where they are needed. Rows of a file are written
into the run's folder once, a line a row; so a run goes on as it was though the file is changed meanwhile, and a worker
on another machine need not see it. The files of pictures stay where they are: each machine reads its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.datasets.row_pairs import RowNeeds
from core.errors import ArgumentError, InputError, WirescopeError
from core.inputs.dataset_columns import FileRow
from core.saving import hint_of, move_lasting
from core.sharded.asked import check_same_run, read_run
from core.sharded.file_names import ROWS, ROWS_BEGUN, RUN
from core.sharded.job import Part, RowsPart, TaskPart
from core.sharded.shards import Shard, Shards, seed_of

ROWS_OF, SHA_256 = "rows of", "sha-256"  # of what a run says of its pairs


@dataclass(frozen=True)
class TaskSource:
    """Pairs of a built-in task. Raises ArgumentError for none."""

    task: str
    total: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.total < 1:
            raise ArgumentError(f"A task has at least 1 pair, not {self.total}.")

    @property
    def words(self) -> str:
        return f"the task {self.task}"

    def told(self) -> dict[str, Any]:
        return {"task": self.task, "pairs": self.total, "seed": self.seed}

    def parts(self, shards: Shards, wanted: Iterable[int]) -> Iterator[tuple[Shard, Part]]:
        """Of the shards with some numbers, which rise."""
        for number in wanted:
            shard = shards[number]
            yield shard, TaskPart(self.task, shard.size, seed_of(self.seed, number))


@dataclass(frozen=True)
class RowsSource:
    """Rows that lie in a run's folder. digest: of all of them. needs: what each must have, since others have it."""

    path: Path
    name: str
    total: int
    digest: str
    needs: RowNeeds

    @property
    def words(self) -> str:
        return self.name

    def told(self) -> dict[str, Any]:
        return {ROWS_OF: self.name, "pairs": self.total, SHA_256: self.digest}

    def parts(self, shards: Shards, wanted: Iterable[int]) -> Iterator[tuple[Shard, Part]]:
        """Of the shards with some numbers, which rise. Raises WirescopeError for a file that was changed."""
        with self.path.open(encoding="utf-8", newline="\n") as file:
            at = 0
            for number in wanted:
                shard = shards[number]
                lines = list(islice(file, shard.start - at, shard.stop - at))
                at = shard.stop
                if len(lines) < shard.size:
                    hint = "Give the command of the run again: the rows are then written anew."
                    raise WirescopeError(f"{self.path} was cut short.", hint)
                rows = tuple(FileRow(*json.loads(line)) for line in lines)
                yield shard, RowsPart(rows, self.needs, f"of {self.name}", shard.start)


Source = TaskSource | RowsSource


def rows_into(folder: Path, rows: Iterable[FileRow], name: str) -> RowsSource:
    """Write rows into a run's folder, in one pass; where they lie there already they are only read, so that it is known
    whether they are the same; what lies there damaged or not at all is written anew, from the same rows alone. Raises
    InputError where there are none and for the folder of another run, and what reading them raises."""
    path = folder / ROWS
    part = folder / ROWS_BEGUN
    begun = (folder / RUN).exists()  # else a run was killed before it began
    asked = _digest_asked(folder) if begun else None
    written = asked is not None and asked == _digest_there(path)
    whole, total = hashlib.sha256(), 0
    has = [False, False, False]
    try:
        with part.open("wb") if not written else open_nowhere() as file:
            for row in rows:
                cells = [row.clean, row.counterfactual, row.target, row.foil]
                has = [before or cell != "" for before, cell in zip(has, cells[1:], strict=True)]
                line = json.dumps([*cells, row.roles], ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
                whole.update(line)
                file.write(line)
                total += 1
        if total == 0:
            raise InputError(f"{name} has no rows.", "Give at least one pair.")
        source = RowsSource(path, name, total, whole.hexdigest(), RowNeeds(*has))
        if not written:
            if begun:
                check_same_run(folder, {"pairs": source.told()})
            move_lasting(part, path)
        return source
    except OSError as error:
        raise WirescopeError(f"{path} cannot be written: {error.strerror or error}.", hint_of(error)) from None
    finally:
        part.unlink(missing_ok=True)


def _digest_asked(folder: Path) -> Any:
    """That the rows of a folder's run have. Raises InputError for a run of no rows."""
    pairs = read_run(folder).get("pairs")
    if not isinstance(pairs, dict) or ROWS_OF not in pairs:
        raise InputError(f"{folder} holds another run, which is not of rows.", "Give another folder.")
    return pairs.get(SHA_256)


def _digest_there(path: Path) -> str | None:
    """That of a file; None where there is none that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def open_nowhere() -> Any:
    """A file that takes bytes and keeps none."""
    import os

    return open(os.devnull, "wb")
