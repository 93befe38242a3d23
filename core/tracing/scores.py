"""Scores of edges, and the circuits made of the best of them.

The score of an edge is minus the effect of removing it: positive means that it raises the metric.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError
from core.graph import Graph, Node
from core.tracing.job import Level


@dataclass(frozen=True)
class Scores:
    """One score per edge, values [edges]; per node, [writers]; or per node and position, [writers, position]: in the
    unit of the metric. They are estimated, not measured."""

    graph: Graph
    values: NDArray[np.float64]
    method: str
    replacement: EditKind
    about: dict[str, str] = field(default_factory=dict)
    level: Level = "edges"

    @cached_property
    def _by_score(self) -> NDArray[np.int64]:
        return np.argsort(-self.values, kind="stable").astype(np.int64)

    @cached_property
    def _by_size(self) -> NDArray[np.int64]:
        return np.argsort(-np.abs(self.values), kind="stable").astype(np.int64)

    def top(self, count: int, *, by_size: bool = False) -> Circuit:
        """The circuit of exactly `count` edges with the highest scores, or `by_size` with the largest whatever their
        sign; ties go to the edge of the lower index. Of scores of nodes, all edges between `count` nodes, with `input`
        and `logits`."""
        if self.level == "positions":
            raise ArgumentError("Scores of positions make no circuit.", "Score edges or nodes.")
        if not 0 <= count <= len(self.values):
            raise ArgumentError(f"A circuit of this graph has 0 to {len(self.values)} {self.level}, not {count}.")
        order = (self._by_size if by_size else self._by_score)[:count]
        about = {**self.about, "method": self.method, "replacement": self.replacement}
        if self.level == "edges":
            return Circuit(self.graph, order, self.values[order], about)
        kept = np.zeros(self.graph.n_writers, dtype=bool)
        kept[order] = kept[0] = True
        reading = np.array([r.kind == "logits" or any(kept[self.graph.writer_index(node)]
                            for node in self.graph.readers_of(r)) for r in self.graph.readers])  # fmt: skip
        edges = np.flatnonzero(kept[self.graph.edge_writers] & reading[self.graph.edge_readers]).astype(np.int64)
        return Circuit(self.graph, edges, None, about)

    def strongest(self, count: int) -> NDArray[np.int64]:
        """The `count` edges (nodes) of the largest absolute score, largest first. Raises ArgumentError for
        positions."""
        if self.level == "positions":
            raise ArgumentError("Scores of positions are no list.", "Score edges or nodes.")
        return self._by_size[:count]

    def of_node(self, node: Node) -> float:
        """The score of a node: its own, the sum over its positions, or the sum over its outgoing edges, which is what
        the gradient says of editing all of them."""
        if self.level != "edges":
            return float(self.values[self.graph.writer_index(node)].sum())
        return float(self.values[self.graph.edges_out_of(node)].sum())
