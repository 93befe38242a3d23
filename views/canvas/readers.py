"""Where edges end on the canvas: the place and the port of each reader. Plain arrays, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph

PORT_SIDE = {"q": -1.0, "k": 0.0, "v": 1.0, "mlp": 0.0, "logits": 0.0}


@dataclass(frozen=True, eq=False)
class ReaderTable:
    """Of every reader of a graph: the first node where its edges end (by its number in `graph.nodes`), how many more
    behind it they end at, the side of its port, and whether it is a port of a head. [readers]"""

    ends: NDArray[np.int64]
    more: NDArray[np.int64]
    sides: NDArray[np.float64]
    of_head: NDArray[np.bool_]

    def branches(self, readers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of edges into some readers those that end at more than one node: their places, once for each further node,
        and that node: [branches] both."""
        more = self.more[readers]
        branch_of = np.repeat(np.arange(len(readers)), more)
        behind = 1 + np.arange(len(branch_of)) - np.repeat(np.cumsum(more) - more, more)
        return branch_of, self.ends[readers[branch_of]] + behind


@lru_cache(maxsize=8)
def reader_table(graph: Graph) -> ReaderTable:
    group = graph.heads // graph.kv_heads
    ends = []
    for layer in range(graph.layers):
        first = 1 + layer * (graph.heads + 1)
        shared = [first + head * group for head in range(graph.kv_heads)]
        ends += [*range(first, first + graph.heads), *shared, *shared, first + graph.heads]
    kinds = [reader.kind for reader in graph.readers]
    return ReaderTable(
        np.array([*ends, graph.n_writers]),
        np.array([group - 1 if kind in ("k", "v") else 0 for kind in kinds]),
        np.array([PORT_SIDE[kind] for kind in kinds]),
        np.array([kind in ("q", "k", "v") for kind in kinds]),
    )
