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


@dataclass(frozen=True)
class Scores:
    """One score per edge: values [edges], in the unit of the metric. They are estimated, not measured."""

    graph: Graph
    values: NDArray[np.float64]
    method: str
    replacement: EditKind
    about: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(-self.values, kind="stable").astype(np.int64)

    def top(self, count: int) -> Circuit:
        """The circuit of exactly `count` edges with the highest scores; ties go to the edge of the lower index."""
        if not 0 <= count <= len(self.values):
            raise ArgumentError(f"A circuit of this graph has 0 to {len(self.values)} edges, not {count}.")
        order = self._order[:count]
        about = {**self.about, "method": self.method, "replacement": self.replacement}
        return Circuit(self.graph, order, self.values[order], about)

    def strongest(self, count: int) -> NDArray[np.int64]:
        """The `count` edges of the largest absolute score, largest first."""
        return np.argsort(-np.abs(self.values), kind="stable")[:count].astype(np.int64)

    def of_node(self, node: Node) -> float:
        """The score of a node: the sum over its outgoing edges, which is what the gradient says of editing all of
        them."""
        return float(self.values[self.graph.edges_out_of(node)].sum())
