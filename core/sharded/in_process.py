"""Shards one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from core.progress import Cancel, watched
from core.sharded.job import ShardResult, ShardTask
from core.sharded.worker import Opened, do_with


class Within(Protocol):
    def __call__(self, share: float) -> None:
        """So much of the shard in work is done."""


class Executor(Protocol):
    """Who does the shards. workers: processes at work."""

    workers: int

    def results(
        self, tasks: Iterable[ShardTask], within: Within, cancelled: Cancel
    ) -> Iterator[tuple[int, ShardResult]]:
        """What shards give, in any order, by their numbers. Raises WirescopeError, Cancelled."""

    def close(self) -> None:
        """Let go of what it holds."""


class InProcess:
    """Raises nothing. opened: the model, already there."""

    workers = 1

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def results(
        self, tasks: Iterable[ShardTask], within: Within, cancelled: Cancel
    ) -> Iterator[tuple[int, ShardResult]]:
        for task in tasks:
            with watched(within, cancelled):
                result = do_with(self._opened, task)
            yield task.shard.number, result

    def close(self) -> None:
        """It holds nothing."""
