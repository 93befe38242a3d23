"""The area under the ROC curve of two samples, with an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

DRAWS = 2000


def auroc(positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """The share of pairs of which the positive one is higher; ties count half."""
    return float(_of_draws(positive[None], negative[None])[0])


def _of_draws(positive: NDArray[Any], negative: NDArray[Any]) -> NDArray[np.float64]:
    """The same of samples [draw, value]: [draw]."""
    n, m = positive.shape[1], negative.shape[1]
    ranks = rankdata(np.concatenate([positive, negative], axis=1), axis=1)
    return np.asarray((ranks[:, :n].sum(axis=1) - n * (n + 1) / 2) / (n * m))


def bootstrapped(
    positive: NDArray[Any], negative: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """A 95 % interval: percentiles over draws of both, with replacement."""
    rng = np.random.default_rng(seed)
    n, m = len(positive), len(negative)
    drawn = [(positive[rng.integers(n, size=n)], negative[rng.integers(m, size=m)]) for _ in range(draws)]
    values = _of_draws(np.stack([one for one, _ in drawn]), np.stack([other for _, other in drawn]))
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
