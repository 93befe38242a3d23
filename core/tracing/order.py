"""The order in which edges are ranked. Imports no torch, so that the window sorts alike.

Of many millions of values the first few are found part by part, so that nothing of the size of all of them is made:

1. Of each part those that are better than the worst of the best so far are kept, in order of their places.
2. Once they are twice as many as asked for, the others go: of equal ones the later.
3. What is left at the end is sorted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

SORTED = 2_000_000  # of more than so many the order of all is made only where somebody asks for it
FEW = 8  # a beginning is found alone where it is no more than one part in so many of all
PART = 2**18  # values that are looked at at once

Numbers = NDArray[Any]
Indices = NDArray[np.int64]
Key = Callable[[Numbers], Numbers]  # of a part of some values, what is ranked


def best_first(
    values: Numbers, kept: NDArray[np.bool_] | None = None, count: int | None = None, key: Key | None = None
) -> Indices:
    """Places of some values, the highest first; ties as they stood, and NaN last. kept: these come before all
    others. count: how many of them, from the first on; None: all. Few of many are found without sorting the others.
    key: what is ranked in place of the values; None: these."""
    if kept is None:
        return _best(values, None, count, key)
    first = _best(values, kept, count, key)
    rest = None if count is None else count - len(first)
    return np.concatenate([first, _best(values, ~kept, rest, key)])


def largest_first(values: Numbers, count: int | None = None) -> Indices:
    """Places of those that are not nought, the largest first, whatever their sign; ties as they stood."""
    nonzero = int(np.count_nonzero(values))
    return best_first(values, count=nonzero if count is None else min(count, nonzero), key=np.abs)


def best_of_parts(parts: Iterable[tuple[Indices | int, Numbers]], count: int) -> Indices:
    """Places of the highest `count` of values that come in parts, as `best_first` has them. parts: the place of the
    first of some values that stand beside each other, or the places of all, which rise; and the values."""
    places, values = np.zeros(0, dtype=np.int64), np.zeros(0)
    bound = None  # the worst of the best so far; of its equals none comes in any more
    for at, part in parts:
        better = np.arange(len(part)) if bound is None else np.flatnonzero(_beat(part, bound))
        if not len(better):
            continue
        values = np.concatenate([values, part[better]]) if len(values) else part[better]
        places = np.concatenate([places, at + better if isinstance(at, int) else at[better]])
        if len(values) > 2 * count:
            keep = _are_best(values, count)
            values, places = values[keep], places[keep]
            bound = _worst(values) if count else None
    return places[np.argsort(-values, kind="stable")[:count]]


def parts_of(count: int) -> Iterator[slice]:
    """All places of so many values, as slices that one can look at at once."""
    for first in range(0, count, PART):
        yield slice(first, min(first + PART, count))


def has_nan(values: NDArray[np.float64]) -> bool:
    """Whether any of them is NaN, told without an array of as many marks."""
    return bool(values.size) and bool(np.isnan(values.min()))


def _best(values: Numbers, among: NDArray[np.bool_] | None, count: int | None, key: Key | None) -> Indices:
    """Places of the highest `count` of those that a mask keeps, as a stable sort has them."""
    ranked = key or _same
    if count is not None and 0 < count * FEW <= len(values):
        if among is None:
            return best_of_parts(((part.start, ranked(values[part])) for part in parts_of(len(values))), count)
        return best_of_parts(
            (
                (part.start + inside, ranked(values[part][inside]))
                for part in parts_of(len(values))
                for inside in (np.flatnonzero(among[part]),)
            ),
            count,
        )
    if among is None:
        return np.argsort(-ranked(values), kind="stable").astype(np.int64, copy=False)[:count]
    places = np.flatnonzero(among)
    return places[np.argsort(-ranked(values[places]), kind="stable")[:count]]


def _same(values: Numbers) -> Numbers:
    return values


def _beat(values: Numbers, bound: Any) -> NDArray[np.bool_]:
    """Which are better than the worst so far; NaN is the worst of all."""
    beat: NDArray[np.bool_] = ~np.isnan(values) if np.isnan(bound) else values > bound
    return beat


def _are_best(values: Numbers, count: int) -> NDArray[np.bool_]:
    """Which of some values are the highest `count`, of equal ones the earlier; NaN after all others."""
    if not count:
        return np.zeros(len(values), dtype=bool)
    bound = -np.partition(-values, count - 1)[count - 1]
    keep = _beat(values, bound)
    equal = np.flatnonzero(np.isnan(values) if np.isnan(bound) else values == bound)
    keep[equal[: count - np.count_nonzero(keep)]] = True
    return keep


def _worst(values: Numbers) -> Any:
    return values.min()  # NaN where one is
