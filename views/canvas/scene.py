"""Canvas data made ready to draw and to hit: positions, curves, strengths, order. Rebuilt when the data or the
layout change; panning and zooming only read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from core.graph import INPUT, LOGITS, Edge, Node
from views.canvas.curves import Array, Curves, make_curves
from views.canvas.layout import Layout
from views.data import CanvasData, EdgeMark, NodeMark

LEVELS = 6  # widths and strengths of colour
HIT_SAMPLES = 33  # points per curve for hit tests


@dataclass(frozen=True, eq=False)
class Scene:
    """What is shown. Arrays run over the shown edges, weakest first."""

    data: CanvasData
    layout: Layout
    marks: tuple[EdgeMark, ...]
    curves: Curves
    level: NDArray[np.int64]  # 0 (weakest) to LEVELS - 1
    sign: NDArray[np.int64]  # 1, -1, or 0 where nothing is known
    measured: NDArray[np.bool_]
    edited: NDArray[np.bool_]
    order_of: dict[int, int] = field(repr=False)  # edge index in the graph -> place in the arrays

    @cached_property
    def points(self) -> Array:
        """Samples of every curve for hit tests: [edges, HIT_SAMPLES, 2]."""
        return self.curves.sampled(HIT_SAMPLES)

    @cached_property
    def boxes(self) -> Array:
        return self.curves.boxes()

    @cached_property
    def ends(self) -> tuple[tuple[Node, tuple[Node, ...]], ...]:
        """Writer and fed nodes of every edge."""
        graph = self.data.graph
        edges = [graph.edge(mark.index) for mark in self.marks]
        return tuple((edge.writer, graph.readers_of(edge.reader)) for edge in edges)

    @cached_property
    def strength(self) -> dict[Node, int]:
        """The level of the strongest edge at each node that has one."""
        strength: dict[Node, int] = {}
        for (writer, fed), level in zip(self.ends, self.level.tolist(), strict=True):
            strength[writer] = max(strength.get(writer, 0), level)
            strength[fed[0]] = max(strength.get(fed[0], 0), level)
        return strength

    @cached_property
    def marked(self) -> tuple[Node, ...]:
        """Nodes that are named or edited, and the two bars."""
        nodes = (node for node, mark in self.data.nodes.items() if mark.named or mark.edited)
        return tuple(dict.fromkeys([INPUT, LOGITS, *nodes]))

    @cached_property
    def quiet(self) -> tuple[tuple[Node, QRectF], ...]:
        """All other nodes and their shapes."""
        marked = set(self.marked)
        return tuple((node, self.layout.shape(node)) for node in self.data.graph.writers[1:] if node not in marked)

    def edge(self, place: int) -> Edge:
        return self.data.graph.edge(self.marks[place].index)

    def place(self, edge: Edge) -> int | None:
        """Where a shown edge is in the arrays; None when it is not shown."""
        return self.order_of.get(self.data.graph.edge_index(edge))

    def mark(self, node: Node) -> NodeMark:
        return self.data.nodes.get(node, _PLAIN)

    def touches(self, nodes: frozenset[Node]) -> NDArray[np.bool_]:
        """Which edges start or end at one of the nodes: [edges]."""
        return np.array([writer in nodes or not nodes.isdisjoint(fed) for writer, fed in self.ends], dtype=bool)


_PLAIN = NodeMark()


def make_scene(data: CanvasData, layout: Layout) -> Scene:
    """Sort the shown edges by strength and lay their curves."""
    marks = sorted(data.edges, key=_strength_key)
    values = np.array([mark.value if mark.value is not None else np.nan for mark in marks])
    known = np.isfinite(values)
    size = np.where(known, np.abs(np.where(known, values, 0.0)), 0.0)
    largest = size.max() if len(size) and size.max() > 0 else 1.0
    level = np.clip(np.sqrt(size / largest) * LEVELS, 0, LEVELS - 1).astype(np.int64)
    return Scene(
        data=data,
        layout=layout,
        marks=tuple(marks),
        curves=make_curves(layout, np.array([mark.index for mark in marks], dtype=np.int64)),
        level=level,
        sign=np.where(known, np.sign(np.where(known, values, 0.0)), 0).astype(np.int64),
        measured=np.array([mark.measured for mark in marks], dtype=bool),
        edited=np.array([mark.edited is not None for mark in marks], dtype=bool),
        order_of={mark.index: place for place, mark in enumerate(marks)},
    )


def _strength_key(mark: EdgeMark) -> tuple[bool, float]:
    """Weakest first, edited ones last, so that they lie on top."""
    value = mark.value
    return mark.edited is not None, -1.0 if value is None or value != value else abs(value)
