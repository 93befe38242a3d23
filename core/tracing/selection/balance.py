"""Edges that lead towards A first, then the largest whatever their sign: as many of each as make the circuit recover
what A does, no less and no more (after the positive-negative ratio of Nikankin et al. 2025, "BlackboxNLP-2025 MIB
Shared Task: Improving Circuit Faithfulness via Better Edge Selection", which is one number for a task, where here it is
measured for every size).

By signed score alone the edges that lead away are left out, and a circuit recovers three times what A does; by size
alone they balance the others from the start, and a small circuit recovers next to nothing.

Steps:
1. At some sizes it is measured (`core.evaluation.balance`) which share of the edges should be the best by score x
   direction, so that the circuit recovers 100 %, or as near to it as can be. The rest are the largest of the others.
2. Between those sizes the share is interpolated, over the logarithm of the size.
3. All edges in an order: the next best by score x direction for as long as that share of them asks for it, otherwise
   the next largest. So a larger circuit holds all smaller ones.

Ranked by size or not, the order is the same. The share may be measured on the pairs that were scored; on others
circuits recover a little less, as scores that are noise no longer help them. What a circuit recovers on pairs that
neither scores nor shares are of is for `evaluate` to tell.
"""

from __future__ import annotations

import numpy as np

from core.tracing.order import best_first
from core.tracing.selection.ranked import Balance, Indices, Ranked


def balance(ranked: Ranked) -> Indices:
    """All edges, in the order in which they are taken."""
    assert ranked.towards is not None
    assert ranked.balance
    return balanced_order(ranked.towards, ranked.balance)


def balanced_order(towards: np.ndarray, shares: Balance) -> Indices:
    """towards: [edges], score x direction. shares: of the edges of a circuit of some sizes, those to be the best by
    it; sizes rise. Gives all edges."""
    count = len(towards)
    sizes = np.arange(1, count + 1)
    at, share = np.array(shares, dtype=np.float64).T
    wanted = np.rint(sizes * np.interp(np.log(sizes), np.log(at), share)).astype(np.int64).tolist()
    queues = best_first(towards).tolist(), best_first(np.abs(towards)).tolist()
    heads = [0, 0]  # of each queue: those before it are taken
    taken = bytearray(count)
    order = np.empty(count, dtype=np.int64)
    for place in range(count):
        for number, queue in enumerate(queues):
            while heads[number] < count and taken[queue[heads[number]]]:
                heads[number] += 1
        sign = 0 if heads[0] < wanted[place] else 1
        edge = queues[sign][heads[sign]]
        taken[edge] = 1
        order[place] = edge
    return order
