"""From the output down (`apply_greedy` of EAP-IG's code, which MIB runs; Hanna et al. 2024, "Have Faith in
Faithfulness"). There sizes of scores are the default and the circuit is pruned at once.

Steps:
1. The edges into `logits` can be taken.
2. Take the best edge of those that can be taken.
3. Its writer is part of the circuit now: the edges into that node can be taken from now on, too.
4. Go on with 2, until there are as many as are asked for.

So every edge leads to the output, which the best edges of a graph need not; it need not come from the input, which is
left to pruning. A reader that several heads share can be taken from as soon as one of them is in the circuit; in a
coupled model a head brings all of its layer, as in `core.circuit.reachable`. Of edges at spans a node is part of the
circuit at a span, and what its keys and values read can be taken at all spans from then on.
"""

from __future__ import annotations

import itertools
from heapq import heappop, heappush

import numpy as np

from core.tracing.order import best_first
from core.tracing.selection.flow import Blocks
from core.tracing.selection.ranked import Indices, Ranked


def greedy(ranked: Ranked) -> Indices:
    """All edges, in the order in which they are taken."""
    spans, weights = ranked.spans, np.where(np.isnan(ranked.weights), -np.inf, ranked.weights)
    blocks = Blocks(ranked.graph, spans)
    sorted_edges: list[Indices] = []  # into each reader
    for first, end in itertools.pairwise((ranked.graph.first_edge * spans).tolist()):
        for edges in np.arange(first, end).reshape(-1, spans).T:
            sorted_edges.append(edges[best_first(weights[edges])])
    heap: list[tuple[float, int, int, int]] = []  # minus the weight, the edge, its reader, its place there

    def offer(reader: int, place: int) -> None:
        if place < len(sorted_edges[reader]):
            edge = int(sorted_edges[reader][place])
            heappush(heap, (-float(weights[edge]), edge, reader, place))

    open_blocks, open_readers = np.zeros(blocks.count, dtype=bool), np.zeros(len(sorted_edges), dtype=bool)

    def open_block(block: int) -> None:
        open_blocks[block] = True
        for reader in blocks.readers_of(block):
            if not open_readers[reader]:
                open_readers[reader] = True
                offer(reader, 0)

    open_block(blocks.output)
    order = np.empty(len(weights), dtype=np.int64)
    for taken in range(len(order)):
        _, edge, reader, place = heappop(heap)
        order[taken] = edge
        offer(reader, place + 1)
        block = int(blocks.writers[edge])
        if not open_blocks[block]:
            open_block(block)
    return order
