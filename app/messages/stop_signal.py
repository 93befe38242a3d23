"""A sign of the window that a query which runs is to come to its end, and to say how far it has come: other than a
request that gives way to a newer one, it gets its reply. What crosses is its name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

_given: set[str] = set()  # the names of those that are set, in this process
_forward: list[Callable[[str], None]] = []  # what else hears of them: workers elsewhere
_lock = threading.Lock()


@dataclass(frozen=True)
class StopSignal:
    """Not set at first, and once set for good."""

    name: str = field(default_factory=lambda: uuid4().hex)

    def set(self) -> None:
        give(self.name)
        with _lock:
            hearers = tuple(_forward)
        for hear in hearers:
            hear(self.name)

    def is_set(self) -> bool:
        return self.name in _given


def give(name: str) -> None:
    """The signal of a name is set, maybe in another process."""
    with _lock:
        _given.add(name)


def forward(hear: Callable[[str], None]) -> Callable[[], None]:
    """Tell somebody of each signal that is set from now on. Returns what ends that."""
    with _lock:
        _forward.append(hear)

    def end() -> None:
        with _lock:
            if hear in _forward:
                _forward.remove(hear)

    return end
