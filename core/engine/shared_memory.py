"""One budget for the runs over A and B of several sessions that a joint method goes through again and again.

Where they are over it together, the sessions that were used longest ago let their runs go and make them again when they
are asked: the numbers stay the same to the last bit.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Protocol


class Released(Protocol):
    """What can let go of what it has made."""

    def release(self) -> None: ...


class SharedMemory:
    """budget: bytes. It keeps nobody alive."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._held: OrderedDict[weakref.ref[Released], int] = OrderedDict()

    def used(self, runs: Released, more: int = 0) -> None:
        """Some runs are used now, and hold so many more bytes from now on; others go where that is too much."""
        key = weakref.ref(runs)
        self._held[key] = self._held.pop(key, 0) + more
        if not more:
            return
        total = sum(self._held.values())
        for other in list(self._held):
            if total <= self.budget or other == key:
                break  # the one that is used now is the last, and stays
            total -= self._held.pop(other)
            oldest = other()
            if oldest is not None:
                oldest.release()
