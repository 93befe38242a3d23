"""How well scores find a known circuit: the area under the ROC curve, and the precision at the circuit's true size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def auroc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """How likely an edge of the circuit has a larger absolute score than one outside; ties count half (Mann and Whitney
    1947)."""
    sizes = np.abs(scores)
    inside, outside = sizes[truth], sizes[~truth]
    larger = (inside[:, None] > outside[None, :]).mean()
    equal = (inside[:, None] == outside[None, :]).mean()
    return float(larger + equal / 2)


def precision(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The share of the circuit among as many edges of the largest absolute score."""
    best = np.argsort(-np.abs(scores), kind="stable")[: int(truth.sum())]
    return float(truth[best].mean())
