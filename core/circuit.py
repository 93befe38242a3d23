"""A circuit: a set of kept edges; every other edge carries its replacement value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.graph import Edge, Graph, Node, Reader


@dataclass(frozen=True)
class Circuit:
    """Kept edges of a graph. edges: their indices, most important first; values: their scores, if they have any."""

    graph: Graph
    edges: NDArray[np.int64]
    values: NDArray[np.float64] | None = None
    about: dict[str, str] = field(default_factory=dict)  # model, method, metric: for files and captions

    def __len__(self) -> int:
        return len(self.edges)

    def __iter__(self) -> Iterator[Edge]:
        return (self.graph.edge(int(index)) for index in self.edges)

    @property
    def names(self) -> list[str]:
        return [self.graph.edge(int(index)).name for index in self.edges]

    def score(self, position: int) -> float | None:
        """The score of the edge at a position of the list; None where it has none."""
        value = np.nan if self.values is None else float(self.values[position])
        return value if np.isfinite(value) else None

    def check_fits(self, graph: Graph) -> None:
        """Raise ArgumentError where the circuit belongs to a graph of another shape."""
        if graph != self.graph:
            raise ArgumentError(f"This circuit is of another model: {self.graph}, not {graph}.")

    def pruned(self) -> Circuit:
        """The circuit without edges that do not lie on a path from `input` to `logits`."""
        keep = connected(self.graph, self.edges)
        values = None if self.values is None else self.values[keep]
        return Circuit(self.graph, self.edges[keep], values, self.about)

    def to_json(self) -> str:
        from core.interchange.circuit_files import to_json

        return to_json(self)

    def to_graphml(self) -> str:
        from core.interchange.circuit_files import to_graphml

        return to_graphml(self)

    def to_dot(self) -> str:
        from core.interchange.circuit_files import to_dot

        return to_dot(self)

    def to_tikz(self) -> str:
        from core.interchange.circuit_files import to_tikz

        return to_tikz(self)


def circuit_of(graph: Graph, edges: list[Edge | str]) -> Circuit:
    """A circuit of named edges. Raises ArgumentError for unknown ones."""
    indices = [graph.index(edge) if isinstance(edge, str) else graph.edge_index(edge) for edge in edges]
    return Circuit(graph, np.asarray(indices, dtype=np.int64))


def connected(graph: Graph, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which edges lie on a path of kept edges from `input` to `logits`: [edges], in their order."""
    fed, used = reachable(graph, edges)
    return fed[graph.edge_writers[edges]] & used[graph.edge_readers[edges]]


def kept_matrix(graph: Graph, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Edges as a table of what each reader reads: [readers, writers]."""
    kept = np.zeros((len(graph.readers), graph.n_writers), dtype=bool)
    kept[graph.edge_readers[edges], graph.edge_writers[edges]] = True
    return kept


def reachable(graph: Graph, edges: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which writers a path of kept edges reaches from `input`, and from which readers one leads to `logits`.

    In a coupled model a path that reaches or leaves one head of a layer does so for all of them.
    Returns ([writers], [readers]).
    """
    kept = kept_matrix(graph, edges)
    heads, kv_heads = graph.heads, graph.kv_heads
    group = heads // kv_heads
    fed = np.zeros(graph.n_writers, dtype=bool)
    fed[0] = True
    for layer in range(graph.layers):
        ports, mlp, first = _of_layer(graph, layer)
        hit: NDArray[np.bool_] = np.logical_or.reduce(kept[ports] & fed, axis=1)
        keys_or_values = hit[heads : heads + kv_heads] | hit[heads + kv_heads :]
        of_heads = hit[:heads] | np.repeat(keys_or_values, group)
        fed[first : first + heads] = of_heads.any() if graph.coupled else of_heads
        fed[first + heads] = (kept[mlp] & fed).any()

    used = np.zeros(len(graph.readers), dtype=bool)
    used[-1] = True
    writes_on = kept[-1].copy()  # writers from which a path leads to logits
    for layer in reversed(range(graph.layers)):
        ports, mlp, first = _of_layer(graph, layer)
        used[mlp] = writes_on[first + heads]
        if used[mlp]:
            writes_on |= kept[mlp]
        of_heads = writes_on[first : first + heads]
        if graph.coupled:
            of_heads = np.repeat(of_heads.any(), heads)
        of_keys = of_heads.reshape(kv_heads, group).any(axis=1)
        used[ports] = np.concatenate([of_heads, of_keys, of_keys])
        writes_on |= kept[ports][used[ports]].any(axis=0)
    return fed, used


def _of_layer(graph: Graph, layer: int) -> tuple[slice, int, int]:
    """Numbers of a layer's readers (all q, all k, all v), of its MLP's, and of its first head as a writer."""
    first = graph.reader_index(Reader("q", layer))
    mlp = graph.reader_index(Reader("mlp", layer))
    return slice(first, mlp), mlp, graph.writer_index(Node("head", layer))
