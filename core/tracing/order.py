"""The order in which edges are ranked. Imports no torch, so that the window sorts alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_first(values: NDArray[np.float64], kept: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Places of some values, the highest first; ties as they stood, and NaN last. kept: these come before all
    others."""
    order = np.argsort(-values, kind="stable").astype(np.int64)
    return order if kept is None else np.concatenate([order[kept[order]], order[~kept[order]]])
