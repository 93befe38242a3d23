"""Which edges of a circuit lie on a path from input to output."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.edge_arrays import readers_at, writers_at
from core.graph import Graph, Node, Reader


def connected(graph: Graph, parts: NDArray[np.int64], spans: int = 1) -> NDArray[np.bool_]:
    """Which edges lie on a path of kept edges from `input` to `logits`: [parts], in their order. parts: as
    `Circuit.parts`, of so many spans."""
    edges, at = np.divmod(parts, spans)
    fed, used = reachable_at(graph, kept_matrix(graph, parts, spans))
    return fed[at, writers_at(graph, edges)] & used[at, readers_at(graph, edges)]


def kept_matrix(graph: Graph, parts: NDArray[np.int64], spans: int = 1) -> NDArray[np.bool_]:
    """Edges as a table of what each reader reads at each span: [spans, readers, writers]. parts: as `connected` has
    them."""
    edges, at = np.divmod(parts, spans)
    kept = np.zeros((spans, len(graph.readers), graph.n_writers), dtype=bool)
    kept[at, readers_at(graph, edges), writers_at(graph, edges)] = True
    return kept


def reachable(graph: Graph, edges: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which writers a path of kept edges reaches from `input`, and from which readers one leads to `logits`.

    In a coupled model a path that reaches or leaves one head of a layer does so for all of them.
    Returns ([writers], [readers]).
    """
    fed, used = reachable_at(graph, kept_matrix(graph, edges))
    return fed[0], used[0]


def reachable_at(graph: Graph, kept: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The same span by span: ([spans, writers], [spans, readers]). kept: [spans, readers, writers]. A head carries what
    its keys and values read at any span to all spans."""
    fed = np.zeros((len(kept), graph.n_writers), dtype=bool)
    if graph.towers:
        used = np.zeros(kept.shape[:2], dtype=bool)
        for tower in graph.towers:
            of_tower = kept[:, tower.readers][:, :, tower.writers]
            fed[:, tower.writers], used[:, tower.readers] = reachable_at(tower.graph, of_tower)
        return fed, used
    heads, kv_heads = graph.heads, graph.kv_heads
    group = heads // kv_heads
    fed[:, 0] = True
    for layer in range(graph.layers):
        ports, mlp, first = _of_layer(graph, layer)
        hit: NDArray[np.bool_] = np.logical_or.reduce(kept[:, ports] & fed[:, None], axis=2)
        keys_or_values = (hit[:, heads : heads + kv_heads] | hit[:, heads + kv_heads :]).any(axis=0)
        of_heads = hit[:, :heads] | np.repeat(keys_or_values, group)
        fed[:, first : first + heads] = of_heads.any(axis=1, keepdims=True) if graph.coupled else of_heads
        fed[:, first + heads] = np.logical_or.reduce(kept[:, mlp] & fed, axis=1)

    used = np.zeros(kept.shape[:2], dtype=bool)
    used[:, -1] = True
    writes_on: NDArray[np.bool_] = kept[:, -1].copy()  # writers from which a path leads to logits
    for layer in reversed(range(graph.layers)):
        ports, mlp, first = _of_layer(graph, layer)
        used[:, mlp] = writes_on[:, first + heads]
        writes_on |= kept[:, mlp] & used[:, mlp, None]
        of_heads = writes_on[:, first : first + heads]
        if graph.coupled:
            of_heads = np.repeat(of_heads.any(axis=1, keepdims=True), heads, axis=1)
        of_keys = np.broadcast_to(of_heads.any(axis=0).reshape(kv_heads, group).any(axis=1), (len(kept), kv_heads))
        used[:, ports] = np.concatenate([of_heads, of_keys, of_keys], axis=1)
        writes_on |= (kept[:, ports] & used[:, ports, None]).any(axis=1)
    return fed, used


def _of_layer(graph: Graph, layer: int) -> tuple[slice, int, int]:
    """Numbers of a layer's readers (all q, all k, all v), of its MLP's, and of its first head as a writer."""
    first = graph.reader_index(Reader("q", layer))
    mlp = graph.reader_index(Reader("mlp", layer))
    return slice(first, mlp), mlp, graph.writer_index(Node("head", layer))
