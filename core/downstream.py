"""What an edit reaches: from the first node whose input it changes on, every reader that comes after it reads something
that is changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.graph import Edge, Entries, Graph, Node, Reader
from core.towers_graph import plain, tower_of


def downstream(graph: Graph, targets: Iterable[Node | Reader | Edge | Entries]) -> NDArray[np.bool_]:
    """The nodes whose input an edit of one of these can change: [nodes], in the order of `graph.nodes`."""
    if graph.towers:
        return _in_towers(graph, targets)
    before = np.array([graph.writers_before(reader) for reader in graph.readers])
    hit = np.zeros(len(before), dtype=bool)
    for each in targets:
        target = each.head if isinstance(each, Entries) else each
        if isinstance(target, Node):
            if target.kind != "logits":
                hit |= before > graph.writer_index(target.whole)
        else:
            hit[graph.reader_index(target.reader if isinstance(target, Edge) else target)] = True
    reached = _fed(graph, hit)
    writers = np.flatnonzero(reached[:-1])
    return _fed(graph, hit | (before > writers[0])) if len(writers) else reached


def _in_towers(graph: Graph, targets: Iterable[Node | Reader | Edge | Entries]) -> NDArray[np.bool_]:
    """The same where two towers stand side by side."""
    reached = np.zeros(graph.n_writers + 1, dtype=bool)
    targets = tuple(targets)
    for number, tower in enumerate(graph.towers):
        inside = [plain(target) for target in targets if tower_of(target) in (number, None)]
        of_tower = downstream(tower.graph, inside)
        reached[tower.writers] = of_tower[:-1]
        reached[-1] |= of_tower[-1]
    return reached


def _fed(graph: Graph, hit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The nodes that some readers feed; in a coupled model one head of a layer stands for all of them."""
    reached = np.zeros(graph.n_writers + 1, dtype=bool)
    reached[-1] = hit[-1]
    heads, kv_heads = graph.heads, graph.kv_heads
    layers = hit[:-1].reshape(graph.layers, -1)
    shared = layers[:, heads : heads + kv_heads] | layers[:, heads + kv_heads : heads + 2 * kv_heads]
    of_heads = layers[:, :heads] | np.repeat(shared, heads // kv_heads, axis=1)
    if graph.coupled:
        of_heads = np.repeat(of_heads.any(axis=1, keepdims=True), heads, axis=1)
    reached[1:-1] = np.concatenate([of_heads, layers[:, -1:]], axis=1).ravel()
    return reached
