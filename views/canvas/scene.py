"""Canvas data made ready to draw and to hit: positions, curves, strengths, order. Rebuilt when the data or the
layout change; panning and zooming only read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from core.edge_arrays import readers_at, writers_at
from core.graph import LOGITS, Edge, Node
from core.tracing.meaning import towards
from views.canvas.curves import make_curves
from views.canvas.data import CanvasData, NodeMark
from views.canvas.layout import Layout
from views.canvas.readers import blocks_of, reader_table
from views.canvas.strokes import Strokes, in_order

SHADES = 8  # fills of a node, by how much an edit changes it


def score_shades(values: NDArray[np.float64], signed: bool = True) -> NDArray[np.int64]:
    """Scores as fills, by the root of their share of the largest; of any shape. NaN is 0. Where the sign says nothing,
    SHADES + 1 to 2 * SHADES."""
    known = np.nan_to_num(values)
    largest = float(np.abs(known).max(initial=0.0))
    if largest == 0:
        return np.zeros(values.shape, dtype=np.int64)
    shades = np.rint(np.sqrt(np.abs(known) / largest) * SHADES).astype(np.int64)
    return shades * np.sign(known).astype(np.int64) if signed else np.where(shades > 0, shades + SHADES, 0)


@dataclass(frozen=True, eq=False)
class Scene(Strokes):
    """What is shown. Arrays run over the shown edges, weakest first."""

    data: CanvasData
    layout: Layout
    readers: NDArray[np.int64]  # number of the reader of every edge
    writers: NDArray[np.int64]  # and of its writer
    order_of: dict[int, int] = field(repr=False)  # edge index in the graph -> place in the arrays

    @cached_property
    def fed(self) -> NDArray[np.int64]:
        """The first node where every edge ends, by its number in `graph.nodes`."""
        return reader_table(self.data.graph).ends[self.readers]

    @cached_property
    def strength(self) -> NDArray[np.int64]:
        """The level of the strongest edge at each node, by its number in `graph.nodes`; -1 without any."""
        strength = np.full(self.data.graph.n_writers + 1, -1)
        np.maximum.at(strength, self.writers, self.level)
        np.maximum.at(strength, self.fed, self.level)
        branch_of, further = reader_table(self.data.graph).branches(self.readers)
        np.maximum.at(strength, further, self.level[branch_of])
        return strength

    @cached_property
    def shades(self) -> NDArray[np.int64]:
        """How strongly each node is filled, by its number in `graph.nodes`: 0 where no edit reaches it, 1 to SHADES by
        the root of its change, SHADES where the change is as large as the output; 1 until it is measured."""
        changes = self.data.changes
        if changes is None:
            return np.zeros(self.data.graph.n_writers + 1, dtype=np.int64)
        shades = changes.reached.astype(np.int64)
        if changes.values is not None:
            share = np.sqrt(np.clip(changes.values, 0.0, 1.0))
            shades *= np.maximum(np.rint(share * SHADES).astype(np.int64), 1)
        return shades

    @cached_property
    def score_shades(self) -> NDArray[np.int64]:
        """The fill of each node by its score, by its number in `graph.nodes`: -SHADES (away from A most) to SHADES,
        more where scores have no sign (see `score_shades`); 0 where there is none, where it is small, and while the
        fill says what edits change."""
        scores = self.data.scores
        if scores is None or self.data.changes is not None:
            return np.zeros(self.data.graph.n_writers + 1, dtype=np.int64)
        return score_shades(towards(scores.values, scores.direction), scores.signed)

    @cached_property
    def marked(self) -> tuple[Node, ...]:
        """Nodes that are named or edited, and the bars."""
        inputs = [self.data.graph.writers[block.first] for block in blocks_of(self.data.graph)]
        nodes = (node for node, mark in self.data.nodes.items() if (mark.named or mark.edited) and not node.is_unit)
        return tuple(dict.fromkeys([*inputs, LOGITS, *nodes]))

    @cached_property
    def noted(self) -> tuple[tuple[Node, ...], tuple[int, ...]]:
        """Nodes with notes, and the places of such edges."""
        nodes = tuple(node for node, mark in self.data.nodes.items() if mark.note)
        return nodes, tuple(place for place, mark in enumerate(self.marks) if mark.note)

    @cached_property
    def quiet(self) -> tuple[tuple[Node, QRectF], ...]:
        """All other nodes and their shapes."""
        hidden = {*self.marked, *self.layout.opened}
        return tuple((node, self.layout.shape(node)) for node in self.data.graph.writers[1:] if node not in hidden)

    def edge(self, place: int) -> Edge:
        return self.data.graph.edge(self.marks[place].index)

    def ends(self, place: int) -> tuple[Node, tuple[Node, ...]]:
        """The writer of an edge and the nodes that it feeds."""
        edge = self.edge(place)
        return edge.writer, self.data.graph.readers_of(edge.reader)

    def place(self, edge: Edge) -> int | None:
        """Where a shown edge is in the arrays; None when it is not shown."""
        return self.order_of.get(self.data.graph.edge_index(edge))

    def mark(self, node: Node) -> NodeMark:
        return self.data.nodes.get(node, _PLAIN)

    def score_shade(self, node: Node) -> int:
        return int(self.score_shades[self.layout.number(node)])

    def shade(self, node: Node) -> int:
        return int(self.shades[self.layout.number(node)])

    def read_by(self, node: Node) -> NDArray[np.int64]:
        """Places of the edges that enter a node, a K/V head that it shares included."""
        numbers = [self.data.graph.reader_index(port) for port in self.data.graph.ports(node)]
        return np.flatnonzero(np.isin(self.readers, numbers))

    def written_by(self, node: Node) -> NDArray[np.int64]:
        """Places of the edges that leave a node."""
        if node.kind == "logits":
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(self.writers == self.data.graph.writer_index(node.whole))

    def touches(self, nodes: frozenset[Node]) -> NDArray[np.bool_]:
        """Which edges start or end at one of the nodes: [edges]."""
        touching = np.zeros(len(self), dtype=bool)
        for node in nodes:
            touching[self.read_by(node)] = touching[self.written_by(node)] = True
        return touching


_PLAIN = NodeMark()


def make_scene(data: CanvasData, layout: Layout) -> Scene:
    """Sort the shown edges by strength and lay their curves."""
    graph = data.graph
    marks = in_order(data.edges)
    indices = np.array([mark.index for mark in marks], dtype=np.int64)
    readers = readers_at(graph, indices)
    return Scene(
        marks=marks,
        curves=make_curves(layout, indices),
        data=data,
        layout=layout,
        readers=readers,
        writers=writers_at(graph, indices),
        order_of={index: place for place, index in enumerate(indices.tolist())},
    )
