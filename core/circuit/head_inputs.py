"""What a head reads counted as one: an edge into its query, its key and its value ports from one writer is one input.

Vi-CD counts circuits of vision transformers so (Żukowska et al. 2026, arXiv:2604.14477), where this graph has three
edges. With grouped-query attention the heads that share keys and values are one receiver. Imports no torch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph


def inputs_of(graph: Graph) -> NDArray[np.int64]:
    """The number of the input that each edge belongs to, [edges]: edges of one writer into one receiver share it."""
    group = graph.heads // graph.kv_heads
    receivers: dict[tuple[str, int, int, str], int] = {}
    numbers = []
    for reader in graph.readers:
        key: tuple[str, int, int, str] = (reader.kind, reader.layer, reader.head, reader.tower)
        if reader.kind in ("q", "k", "v"):
            head = reader.head // group if reader.kind == "q" else reader.head
            key = ("head", reader.layer, head, reader.tower)
        numbers.append(receivers.setdefault(key, len(receivers)))
    pairs = np.asarray(numbers, dtype=np.int64)[graph.edge_readers] * graph.n_writers + graph.edge_writers
    inputs: NDArray[np.int64] = np.unique(pairs, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return inputs


def count_inputs(graph: Graph, edges: NDArray[np.int64] | None = None) -> int:
    """How many inputs some edges are, by their numbers; None: all of a graph."""
    inputs = inputs_of(graph)
    return len(np.unique(inputs if edges is None else inputs[edges]))
