"""The area under the ROC curve of two samples, with an interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

DRAWS = 2000


def auroc(positive: NDArray[Any], negative: NDArray[Any]) -> float:
    """The share of pairs of which the positive one is higher; ties count half."""
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def bootstrapped(
    positive: NDArray[Any], negative: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """A 95 % interval: percentiles over draws of both, with replacement."""
    rng = np.random.default_rng(seed)
    n, m = len(positive), len(negative)
    values = [auroc(positive[rng.integers(n, size=n)], negative[rng.integers(m, size=m)]) for _ in range(draws)]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
