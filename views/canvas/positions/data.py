"""What the second level of the canvas draws: a circuit unfolded over positions. Plain values, as in
`views.canvas.data`.

Positions are those of the stream. A column stands for one of them, or for a brushed region of an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.graph import Edge, Graph, Node
from views.canvas.data import EdgeMark, NodeMark

Positions = tuple[int, ...]  # of one column


@dataclass(frozen=True)
class Spot:
    """A node at a column."""

    node: Node
    positions: Positions


@dataclass(frozen=True)
class Wire:
    """An edge at a column."""

    edge: Edge
    positions: Positions


@dataclass(frozen=True)
class Move:
    """What a head carries from one column (its keys) to another (its queries)."""

    head: Node
    source: Positions
    goal: Positions


Link = Wire | Move
Place = Spot | Wire | Move  # what can be selected


@dataclass(frozen=True)
class Column:
    """text: the token as chips show it, or where the patch is. patches: numbers in the picture's grid."""

    positions: Positions
    text: str
    tip: str = ""
    patches: tuple[int, ...] = ()
    read: bool = False  # the output reads here
    chosen: bool = False  # edits are made here


@dataclass(frozen=True)
class LinkMark:
    """A link and how it is drawn; the mark's index is its place among the links."""

    link: Link
    mark: EdgeMark


@dataclass(frozen=True, eq=False)
class Picture:
    """pixels: [height, width, 3]. grid: patch rows and columns."""

    pixels: NDArray[np.uint8]
    grid: tuple[int, int]


@dataclass(frozen=True)
class PositionsData:
    """Everything the second level shows. spots: the ends of the links, and what is edited."""

    graph: Graph
    columns: tuple[Column, ...] = ()
    links: tuple[LinkMark, ...] = ()
    spots: Mapping[Spot, NodeMark] = field(default_factory=dict)
    selection: tuple[Place, ...] = ()
    picture: Picture | None = None
    links_in_all: int = 0
    hidden_columns: int = 0
    edges: tuple[int, int] = (0, 0)  # of the circuit: unfolded, and in all
    output_label: str = "logits"
    kind_words: str = ""  # what the figures are the effect of: "replaced from B"
    kept_words: str = ""  # of a circuit that keeps its wires at some columns only, which alone are then shown
    stale: bool = False  # the numbers are of an earlier state: dim them
    scored: str = ""  # nodes are filled by their scores: "estimated", "measured", "scored", "drawn"
    signed: bool = True  # whether the sign of these scores says anything
    direction: int | None = 1  # A's, by which the hues are
    note: str = ""  # why there is nothing to see, and what to do

    def fed(self, wire: Wire) -> tuple[Node, ...]:
        """The nodes that a wire ends at: of a group of heads that share its key or value those that stand there."""
        nodes = self.graph.readers_of(wire.edge.reader)
        return tuple(node for node in nodes if Spot(node, wire.positions) in self.spots) or nodes[:1]
