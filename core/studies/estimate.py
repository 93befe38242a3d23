"""Numbers with their intervals: 95 % by bootstrap over the inputs or pairs (Efron 1979)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS, LEVEL = 400, 0.95

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Estimate(NamedTuple):
    """A number over all inputs, and between which two it is in 95 % of draws of as many; NaN where it is not defined,
    and the limits NaN of fewer than two inputs."""

    value: float
    low: float
    high: float


UNDEFINED = Estimate(float("nan"), float("nan"), float("nan"))


def estimate(statistic: Callable[[Rows], float], inputs: int, seed: int = 0) -> Estimate:
    """statistic: of inputs by their numbers, some of them several times. Draws in which it is not defined (NaN) are
    left out."""
    value = statistic(np.arange(inputs, dtype=np.int64))
    if inputs < 2 or np.isnan(value):
        return Estimate(value, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    drawn = np.array([statistic(rng.integers(0, inputs, inputs)) for _ in range(DRAWS)])
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))


def mean_of(values: Floats, seed: int = 0) -> Estimate:
    """The mean of one number an input, [inputs]; NaN ones are left out, and all of them give NaN."""
    known = values[~np.isnan(values)]
    if not len(known):
        return UNDEFINED
    return estimate(lambda rows: float(known[rows].mean()), len(known), seed)
