"""The order in which edges are ranked. Imports no torch, so that the window sorts alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SORTED = 2_000_000  # of more than so many the order of all is made only where somebody asks for it
FEW = 8  # a beginning is found alone where it is no more than one part in so many of all
SAMPLED, MARGIN = 10_000, 32  # values that a bound is told from, and how many more of them than should do


def best_first(
    values: NDArray[np.float64], kept: NDArray[np.bool_] | None = None, count: int | None = None
) -> NDArray[np.int64]:
    """Places of some values, the highest first; ties as they stood, and NaN last. kept: these come before all
    others. count: how many of them, from the first on; None: all. Few of many are found without sorting the others."""
    if kept is None:
        return _smallest(-values, count)
    inside, outside = np.flatnonzero(kept), np.flatnonzero(~kept)
    first = inside[_smallest(-values[inside], count)]
    rest = None if count is None else count - len(first)
    return np.concatenate([first, outside[_smallest(-values[outside], rest)]])


def _smallest(values: NDArray[np.float64], count: int | None) -> NDArray[np.int64]:
    """Places of the smallest `count` values, as a stable sort has them."""
    if count is not None and 0 < count * FEW <= len(values):
        places = np.flatnonzero(values <= _bound(values, count))
        if len(places) >= count:
            return places[np.argsort(values[places], kind="stable")[:count]]
    return np.argsort(values, kind="stable").astype(np.int64)[:count]


def _bound(values: NDArray[np.float64], count: int) -> float:
    """At least the `count`-th smallest of some values; NaN where fewer are known. One in some of them tells a bound
    that all but always holds and leaves a few times as many; where it does not hold, all are looked at."""
    every = max(1, len(values) // (FEW * SAMPLED))
    sample = values[::every]
    place = min(2 * count // every + MARGIN, len(sample) - 1)
    bound = float(np.partition(sample, place)[place])
    if np.count_nonzero(values <= bound) < count:
        bound = float(np.partition(values, count - 1)[count - 1])
    return bound
