"""A run over many pairs: it begins or goes on, does the shards that are missing, and keeps the folder's account of
it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import Cancelled, InputError, WirescopeError
from core.program_version import program_version
from core.progress import Cancel
from core.sharded.folder import RunFolder
from core.sharded.in_process import Executor
from core.sharded.job import PAIRS, ModelRef, Part, Sums, Work
from core.sharded.progress import ProgressFile, RunProgress, is_done
from core.sharded.shard_task import ShardTask
from core.sharded.shards import Shards
from core.sharded.sources import Source


@dataclass(frozen=True)
class ShardedRun:
    """title: of the work, for people. command: what goes on with it. metric: that the pairs have where none is
    asked for."""

    title: str
    model: ModelRef
    work: Work
    source: Source
    shards: Shards
    command: Sequence[str] = field(default=())
    metric: str | None = None

    def asked(self) -> dict[str, Any]:
        """All that the numbers depend on, as `run.json` says it."""
        return {
            "work": self.work.told(),
            "model": self.model.name,
            "precision": self.model.precision,
            "weights": self.model.weights,
            "pairs": self.source.told(),
            "shard": self.shards.size,
            "wirescope": program_version(),
        }

    def do(
        self,
        folder: RunFolder,
        executor: Executor,
        finish: Callable[[Sums], str],
        listener: Callable[[RunProgress], None] | None = None,
        cancelled: Cancel = lambda: False,
    ) -> Sums:
        """Do what is missing, in a folder that is open. Gives the sums over all shards. finish: writes what came out of
        them, and gives the name of its file. listener: told what `progress.json` is told. Raises InputError for a
        folder of another run and where no pair fits, Cancelled, WirescopeError of a shard; what is done stays, and the
        same call goes on."""
        folder.begin(self.asked(), self.metric)
        shards = self.shards
        done = self._pairs_done(folder)
        whole = self._shards_done(folder) == len(shards)
        account = ProgressFile(
            folder.path,
            self.title,
            shards.total,
            shards.size,
            len(shards),
            executor.workers,
            self.command,
            done,
            listener,
            finished=whole and is_done(folder.path),
            made_again=len(folder.without_rows),
        )
        account.shard(done, self._shards_done(folder))
        try:
            tasks = self._tasks(folder)
            for number, result in executor.results(tasks, account.within, cancelled):
                folder.put(number, result)
                account.shard(self._pairs_done(folder), self._shards_done(folder))
                if cancelled() and any(True for _ in folder.missing(len(shards))):
                    raise Cancelled
            if not folder.sums[PAIRS]:
                raise InputError("No pair can be used.", "Give other pairs.")
            result_file = finish(folder.sums)
        except (KeyboardInterrupt, Cancelled):
            account.end("stopped", self._pairs_done(folder))
            raise
        except WirescopeError as error:
            account.end("failed", self._pairs_done(folder), str(error))
            raise
        account.end("done", self._pairs_done(folder), result=result_file)
        return folder.sums

    def _tasks(self, folder: RunFolder) -> Iterator[ShardTask]:
        first: Part | None = None
        if self.work.draws:
            ((_, first),) = self.source.parts(self.shards, [0])
        for shard, part in self.source.parts(self.shards, list(folder.missing(len(self.shards)))):
            yield ShardTask(self.model, self.work, shard, part, first)

    def _shards_done(self, folder: RunFolder) -> int:
        return folder.merged + len(folder.waiting)

    def _pairs_done(self, folder: RunFolder) -> float:
        numbers = [*folder.waiting]
        merged = min(folder.merged * self.shards.size, self.shards.total)
        return float(merged + sum(self.shards[number].size for number in numbers))
