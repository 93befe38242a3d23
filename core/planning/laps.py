"""What work takes at its best, on a machine that others share.

A core that others share is slow for seconds at a time, and quick for moments between. Work that takes long would hardly
ever be quick as a whole; so it is timed in laps, from one layer to the next, and of each lap the best of some rounds
counts."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

SHORT = 0.1  # seconds for which work is done again within a round

Clock = Callable[[], float]


class Laps:
    """Seconds between two calls. Given to work as `cancelled`, which is asked between layers: it never is."""

    def __init__(self, clock: Clock) -> None:
        self.seconds: list[float] = []
        self._clock = clock
        self._last = clock()

    def __call__(self) -> bool:
        now = self._clock()
        self.seconds.append(now - self._last)
        self._last = now
        return False


class BestLaps:
    """The least seconds of each lap of works, by their names. best[name]: of one time that a work is done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[Hashable, NDArray[np.float64]] = {}
        self._counts: dict[Hashable, float] = {}

    def time(self, name: Hashable, work: Callable[[Laps], object], count: float = 1) -> None:
        """One round of a work: once, and while it is short again. count: how often it is done thereby."""
        took, self._counts[name] = 0.0, count
        while took < SHORT:
            laps = Laps(self._clock)
            work(laps)
            laps()
            took += sum(laps.seconds)
            self._add(name, np.array(laps.seconds))

    def _add(self, name: Hashable, laps: NDArray[np.float64]) -> None:
        best = self._of.get(name)
        if best is not None and best.shape == laps.shape:
            laps = np.minimum(best, laps)
        elif best is not None and best.sum() < laps.sum():  # it went by other laps
            laps = best
        self._of[name] = laps

    def __getitem__(self, name: Hashable) -> float:
        return float(self._of[name].sum()) / self._counts[name]
