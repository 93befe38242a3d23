"""What a head reads of a writer is taken as one: its edges into the query, key and value ports of that head stand or
fall together, ranked by the sum of their scores. Edges into MLPs and the output are ranked as they are.

Vi-CD counts circuits of vision transformers so (Żukowska et al. 2026): a head's inputs as one receiver. Sums of scores
are estimates of what removing the three edges at once does, as a score is of one. By size: the size of the sum, so that
edges of one input that undo each other do not count twice. With grouped-query attention the heads that share keys and
values are one receiver. A circuit whose size falls inside an input has only some edges of the last one.
"""

from __future__ import annotations

import numpy as np

from core.circuit.head_inputs import inputs_of
from core.tracing.selection.ranked import Indices, Ranked


def attn_input(ranked: Ranked) -> Indices:
    """All edges, the best first; those of one input stand together, in the order of their weights."""
    spans = ranked.spans
    numbers = inputs_of(ranked.graph)
    if spans > 1:  # an input at each span
        numbers = (numbers[:, None] * spans + np.arange(spans)).ravel()
    weights, towards = ranked.weights, ranked.weights if ranked.towards is None else ranked.towards
    by_size = not np.array_equal(weights, towards)
    sums = np.bincount(numbers, weights=towards)
    sums = np.abs(sums) if by_size else sums
    return np.lexsort((-weights, numbers, -sums[numbers])).astype(np.int64)
