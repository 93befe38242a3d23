"""Which heads read a place: how much of every head's attention goes from some positions to some others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError, Cancelled
from core.lens.attention import attention_pattern
from core.result import Result


def attention_to(
    result: Result,
    queries: Sequence[int],
    keys: Sequence[int],
    row: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[np.float32]:
    """The share of its attention that every head gives to the keys, summed over them and averaged over the queries:
    [layers, heads], from 0 to 1.

    result: of a run with positions="all". Raises ArgumentError for no position or one outside the input, Cancelled
    between layers.
    """
    shape, length = result.model.adapter.shape, result.state.embedding.shape[1]
    if not queries or not keys or min(*queries, *keys) < 0 or max(*queries, *keys) >= length:
        raise ArgumentError("These positions are not of this input.", f"It has positions 0 to {length - 1}.")
    shares = np.zeros((shape.layers, shape.heads), dtype=np.float32)
    for layer in range(shape.layers):
        if cancelled is not None and cancelled():
            raise Cancelled
        for head in range(shape.heads):
            pattern = attention_pattern(result, layer, head, row)
            shares[layer, head] = pattern[np.ix_(list(queries), list(keys))].sum(axis=1).mean()
    return shares
