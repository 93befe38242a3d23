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
        return None if self.values is None else float(self.values[position])

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


def reachable(graph: Graph, edges: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which writers a path of kept edges reaches from `input`, and from which readers one leads to `logits`.

    In a coupled model a path that reaches or leaves one head of a layer does so for all of them.
    Returns ([writers], [readers]).
    """
    by_reader: dict[int, list[int]] = {}
    for index in np.sort(edges):
        by_reader.setdefault(int(graph.edge_readers[index]), []).append(int(graph.edge_writers[index]))
    members = {number: _moves(graph, graph.readers[number]) for number in by_reader}
    fed = np.zeros(graph.n_writers, dtype=bool)
    fed[0] = True
    for number in sorted(by_reader):  # readers come in the order in which they read
        if fed[by_reader[number]].any():
            fed[members[number]] = True
    writes_on = np.zeros(graph.n_writers, dtype=bool)  # writers from which a path leads to logits
    used = np.zeros(len(graph.readers), dtype=bool)
    for number in sorted(by_reader, reverse=True):
        used[number] = graph.readers[number].kind == "logits" or bool(writes_on[members[number]].any())
        if used[number]:
            writes_on[by_reader[number]] = True
    return fed, used


def _moves(graph: Graph, reader: Reader) -> list[int]:
    """The writers whose output a reader's input changes."""
    if graph.coupled and reader.kind in ("q", "k", "v"):
        first = graph.writer_index(Node("head", reader.layer, 0))
        return list(range(first, first + graph.heads))
    return [graph.writer_index(node) for node in graph.readers_of(reader) if node.kind != "logits"]
