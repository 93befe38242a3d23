"""The random circuit that stands beside a chosen one: as many edges, from the beginning of one random order of all."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

KEPT = 10_000  # edges of the order that are not drawn again: to draw that of ten million takes a second


def random_edges(edges: int, size: int) -> NDArray[np.int64]:
    """The first `size` of the order of all edges, which is the same every time."""
    return _beginning(edges)[:size] if size <= KEPT else _order(edges)[:size]


@lru_cache(maxsize=4)
def _beginning(edges: int) -> NDArray[np.int64]:
    return _order(edges)[:KEPT].copy()


def _order(edges: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(edges).astype(np.int64, copy=False)
