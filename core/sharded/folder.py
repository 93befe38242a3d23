"""The folder of a run: what was asked, and what is done. Every file is written whole or not at all, and is on the disk
before the next one, in an order in which a kill or a power cut at any time loses the shard in work and nothing else.

    run.json           what was asked: model and the hash of its weights, work, pairs, seed, size of a shard, version
    rows.jsonl         the rows of a file, where the pairs are of one
    pairs/000012.parquet    a row a pair of shard 12, for `wirescope query`; damaged or not there, it is made again
    sums.npz           sums over the shards up to some number, in their order, in fp64
    waiting/000012.npz      sums of shard 12, while one before it is missing
    progress.json      `core.sharded.progress`

Sums are added shard after shard, each once those before it are there: so the result has the same bits whoever was
quicker, and however often the run was killed. Memory and sums do not grow with the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from core.errors import InputError
from core.optional_packages import arrow
from core.saving import save_bytes
from core.sharded.asked import AskedFolder
from core.sharded.file_names import PAIRS_FOLDER, SUMS, WAITING
from core.sharded.job import PAIRS, ShardResult, Sums
from core.sharded.pair_rows import pairs_file, rows_bytes, without_rows

MERGED = "shards merged"


class RunFolder(AskedFolder):
    """Open for one process at a time: use it in a `with`. Raises what AskedFolder raises, and WirescopeError without
    pyarrow."""

    def __init__(self, path: str | Path) -> None:
        arrow()
        super().__init__(path, (WAITING, PAIRS_FOLDER))
        self._is_read = False
        self.merged = 0  # shards whose sums are added up
        self.sums: Sums = {}
        self.waiting: set[int] = set()
        self.without_rows: set[int] = set()  # shards whose sums are kept, and whose rows are damaged or not there

    def check(self, asked: dict[str, Any], metric: str | None = None) -> None:
        """As `AskedFolder.check`; what is done is then read, the first time."""
        super().check(asked, metric)
        if not self._is_read:
            self._read()

    def _read(self) -> None:
        self._is_read = True
        path = self.path / SUMS
        if path.exists():
            self.sums = _arrays(path, MERGED)
            self.merged = int(self.sums.pop(MERGED)[()])
        for left in (self.path / WAITING).glob("*.npz"):
            # It was killed between adding and deleting; or the file is damaged, and its shard is done again.
            if int(left.stem) < self.merged or not _is_whole(left):
                left.unlink()
            else:
                self.waiting.add(int(left.stem))
        self._merge()
        self.without_rows = without_rows(self.path, [*range(self.merged), *sorted(self.waiting)], self._pairs)

    def missing(self, shards: int) -> Iterator[int]:
        """The numbers of the shards that are not done, or whose rows are lost, rising."""
        return (
            number
            for number in range(shards)
            if number in self.without_rows or (number >= self.merged and number not in self.waiting)
        )

    def put(self, number: int, result: ShardResult) -> None:
        """Keep what a shard gave: of one whose rows were lost these alone, as its sums are kept. Raises
        WirescopeError."""
        if result.columns:
            save_bytes(pairs_file(self.path, number), rows_bytes(result.columns), lasting=True)
        if number in self.without_rows:
            self.without_rows.remove(number)
            return
        save_bytes(self._waiting_file(number), _packed(result.sums), lasting=True)
        self.waiting.add(number)
        self._merge()

    @property
    def _pairs(self) -> float:
        """Of all shards that are done."""
        every = [self.sums, *(_arrays(self._waiting_file(number)) for number in self.waiting)]
        return sum(float(sums[PAIRS]) for sums in every if sums)

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
            sums = {**self.sums, MERGED: np.asarray(self.merged, dtype=np.float64)}
            save_bytes(self.path / SUMS, _packed(sums), lasting=True)
            for number in ready:
                self._waiting_file(number).unlink(missing_ok=True)


def pairs_done(folder: Path) -> int:
    """Whose sums are kept: each has a row. While the run is at work it may be fewer than there are rows. Raises
    InputError for a file that is damaged."""
    path = folder / SUMS
    kept, merged = 0.0, 0
    if path.exists():
        sums = _arrays(path, MERGED)
        kept, merged = float(sums[PAIRS]), int(sums[MERGED])
    for left in (folder / WAITING).glob("*.npz"):
        if int(left.stem) >= merged and left.exists():
            kept += float(_arrays(left)[PAIRS])
    return int(kept)


def added(one: Sums, other: Sums) -> Sums:
    """Sums of two sets of pairs; what one of them lacks is 0 there."""
    both = dict(one)
    for name, array in other.items():
        both[name] = both[name] + array if name in both else array
    return both


def _packed(sums: Sums) -> bytes:
    buffer = BytesIO()
    np.savez(buffer, **sums)  # type: ignore[arg-type]
    return buffer.getvalue()


def _arrays(path: Path, needed: str = PAIRS) -> Sums:
    """Raises InputError for a file that is damaged, or lacks what is needed."""
    hint = "Delete it: its shards are then done again."
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:  # by itself it leaves it open
            if needed not in file.files:
                raise ValueError
            return {name: file[name] for name in file.files}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", hint) from None
    except (ValueError, EOFError, BadZipFile):
        raise InputError(f"{path} is damaged.", hint) from None


def _is_whole(path: Path) -> bool:
    try:
        _arrays(path)
    except InputError:
        return False
    return True
