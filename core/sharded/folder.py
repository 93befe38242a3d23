"""The folder of a run: what was asked, and what is done. Every file is written whole or not at all, in an order in
which a kill at any time loses the shard in work and nothing else.

    run.json           what was asked: model and the hash of its weights, work, pairs, seed, size of a shard, version
    rows.jsonl         the rows of a file, where the pairs are of one
    pairs/000012.parquet    a row a pair of shard 12, for `wirescope query`
    sums.npz           sums over the shards up to some number, in their order, in fp64
    waiting/000012.npz      sums of shard 12, while one before it is missing
    progress.json      `core.sharded.progress`

Sums are added shard after shard, each once those before it are there: so the result has the same bits whoever was
quicker, and however often the run was killed. Memory and sums do not grow with the pairs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from core.errors import InputError, WirescopeError
from core.optional_packages import arrow
from core.saving import save_bytes, save_text
from core.sharded.file_names import LOCK, PAIRS_FOLDER, RUN, SUMS, WAITING
from core.sharded.job import Columns, ShardResult, Sums

FORMAT, VERSION = "wirescope sharded run", 1
MERGED = "shards merged"


class RunFolder:
    """Open for one process at a time: use it in a `with`. Raises InputError for a folder that another process is at
    work in, WirescopeError where it cannot be written, and without pyarrow."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.merged = 0  # shards whose sums are added up
        self.sums: Sums = {}
        self.waiting: set[int] = set()
        arrow()
        try:
            for folder in (self.path, self.path / WAITING, self.path / PAIRS_FOLDER):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WirescopeError(
                f"{self.path} cannot be made: {error.strerror or error}.", "Choose a folder that you may write to."
            ) from None
        self._lock = FileLock(self.path / LOCK)

    def __enter__(self) -> RunFolder:
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
        """Write what is asked, or check that it is what was asked before, and read what is done. Raises InputError for
        another run, with what differs."""
        path = self.path / RUN
        said = {"format": FORMAT, "version": VERSION, "asked": json.loads(json.dumps(asked))}
        if path.exists():
            before = read_run(self.path)
            different = [*_differences(before, said["asked"])]
            if different:
                raise InputError(
                    f"{self.path} holds another run: {'; '.join(different)}.",
                    "Give another folder, or the same options.",
                )
        else:
            save_text(path, json.dumps(said, ensure_ascii=False, indent=1))
        self._read()

    def _read(self) -> None:
        path = self.path / SUMS
        if path.exists():
            self.sums = _arrays(path)
            self.merged = int(self.sums.pop(MERGED)[()])
        for left in (self.path / WAITING).glob("*.npz"):
            if int(left.stem) < self.merged:  # it was killed between adding and deleting
                left.unlink()
            else:
                self.waiting.add(int(left.stem))
        self._merge()

    def missing(self, shards: int) -> Iterator[int]:
        """The numbers of the shards that are not done."""
        return (number for number in range(self.merged, shards) if number not in self.waiting)

    def put(self, number: int, result: ShardResult) -> None:
        """Keep what a shard gave. Raises WirescopeError."""
        if result.columns:
            save_bytes(self.pairs_file(number), _parquet(result.columns))
        save_bytes(self._waiting_file(number), _packed(result.sums))
        self.waiting.add(number)
        self._merge()

    def pairs_file(self, number: int) -> Path:
        return self.path / PAIRS_FOLDER / f"{number:06}.parquet"

    @property
    def so_far(self) -> Sums:
        """Over all shards that are done, those that wait too."""
        sums = self.sums
        for number in sorted(self.waiting):
            sums = added(sums, _arrays(self._waiting_file(number)))
        return sums

    def _waiting_file(self, number: int) -> Path:
        return self.path / WAITING / f"{number:06}.npz"

    def _merge(self) -> None:
        ready = []
        while self.merged in self.waiting:
            ready.append(self.merged)
            self.sums = added(self.sums, _arrays(self._waiting_file(self.merged)))
            self.waiting.remove(self.merged)
            self.merged += 1
        if ready:
            save_bytes(self.path / SUMS, _packed({**self.sums, MERGED: np.asarray(self.merged, dtype=np.float64)}))
            for number in ready:
                self._waiting_file(number).unlink(missing_ok=True)


def added(one: Sums, other: Sums) -> Sums:
    """Sums of two sets of pairs; what one of them lacks is 0 there."""
    both = dict(one)
    for name, array in other.items():
        both[name] = both[name] + array if name in both else array
    return both


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


def _packed(sums: Sums) -> bytes:
    buffer = BytesIO()
    np.savez(buffer, **sums)  # type: ignore[arg-type]
    return buffer.getvalue()


def _arrays(path: Path) -> Sums:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Delete it: its shards are then done again.") from None


def _parquet(columns: Columns) -> bytes:
    pa, parquet = arrow()
    buffer = BytesIO()
    parquet.write_table(pa.table(columns), buffer, compression="zstd")
    return buffer.getvalue()
