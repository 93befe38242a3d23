"""Tasks one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from core.progress import Cancel, watched
from core.sharded.worker import Opened, Task

R = TypeVar("R")


class Within(Protocol):
    def __call__(self, share: float) -> None:
        """So much of the task in work is done."""


class Executor(Protocol):
    """Who does the tasks. workers: processes at work."""

    workers: int

    def results(self, tasks: Iterable[Task[R]], within: Within, cancelled: Cancel) -> Iterator[tuple[int, R]]:
        """What tasks give, in any order, by their numbers. Raises WirescopeError, Cancelled."""

    def close(self) -> None:
        """Let go of what it holds."""


class InProcess:
    """Raises nothing. opened: the model, already there."""

    workers = 1

    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def results(self, tasks: Iterable[Task[R]], within: Within, cancelled: Cancel) -> Iterator[tuple[int, R]]:
        for task in tasks:
            with watched(within, cancelled):
                result = task.do(lambda _ref: self._opened)
            yield task.number, result

    def close(self) -> None:
        """It holds nothing."""
