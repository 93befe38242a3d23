"""The edges of a graph as a sequence: nothing is stored, each `Edge` is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from core.errors import ArgumentError
from core.nodes import Edge

if TYPE_CHECKING:
    from core.graph import Graph


class EdgeList(Sequence[Edge]):
    """The edges of a graph as a sequence of Edge, made on demand."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __len__(self) -> int:
        return self._graph.n_edges

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | list[Edge]:
        if isinstance(index, slice):
            return [self._graph.edge(i) for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self._graph.edge(index)

    def __iter__(self) -> Iterator[Edge]:
        for number, reader in enumerate(self._graph.readers):
            count = int(self._graph.first_edge[number + 1] - self._graph.first_edge[number])
            for writer in self._graph.writers[:count]:
                yield Edge(writer, reader)

    @property
    def names(self) -> list[str]:
        return self._graph.names

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """The number of an edge or of an edge's name."""
        return self._graph.index(value) if isinstance(value, str) else self._graph.edge_index(_as_edge(value))


def _as_edge(value: object) -> Edge:
    if not isinstance(value, Edge):
        raise ArgumentError(f"{value!r} is not an edge.", "Give an Edge or its name, like m0->logits.")
    return value
