"""Attention patterns of a run, edits included."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.attention import pattern, score_mask
from core.errors import ArgumentError
from core.result import Result


def attention_pattern(result: Result, layer: int, head: int, row: int = 0) -> NDArray[np.float32]:
    """The attention of a head in a run: [query position, key position], rows sum to 1, or to less
    where the head has a sink.

    In the last layer a run holds only the queries that its output reads; run with positions="all" for every row.
    """
    adapter, state = result.model.adapter, result.state
    if not state.q:
        raise ArgumentError("A circuit run keeps no attention.", "Take the pattern from a run with edits.")
    weights = adapter.attention[layer]
    q, k = state.q[layer], state.k[layer]
    last = layer == adapter.shape.layers - 1
    with torch.no_grad():
        queries = state.places(state.reads if last and state.reads is not None else 0)
        mask = score_mask(adapter, layer, queries, [head])
        found = pattern(adapter.shape, weights, q, k, head, mask)
    return found[min(row, len(found) - 1)].float().cpu().numpy()
