"""What the canvas draws: plain values that the application fills in.

No view computes these. Arrays are numpy, shapes in brackets; numbers are in the unit of the metric unless a
field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind, Target
from core.graph import Graph, Node

MOST_COMPARED = 1500  # edges of two circuits beside each other that are drawn


@dataclass(frozen=True)
class EdgeMark:
    """One edge on the canvas. `value` is its score (positive raises the metric), None while nothing is known
    of it. direction: A's, by which the score has its hue (`core.tracing.meaning`)."""

    index: int  # in the graph
    value: float | None = None
    measured: bool = False  # solid; otherwise dashed
    edited: EditKind | None = None  # drawn broken
    label: str = ""  # beside the break: the measured change of the metric
    signed: bool = True  # whether the sign of its value says anything; else it is drawn without a hue
    direction: int | None = 1
    below_noise: bool = False  # measured, but by rounding alone, perhaps: never solid
    note: str = ""  # the user's


@dataclass(frozen=True)
class NodeMark:
    """What is special about a node on the canvas."""

    edited: EditKind | None = None
    label: str = ""  # the measured change of the metric
    named: bool = False  # shown with its name and a full outline: it takes part in a shown edge
    score: float | None = None  # its fill on the second level; positive raises the metric
    note: str = ""  # the user's
    called: str = ""  # the user's own name for it


@dataclass(frozen=True, eq=False)
class NodeChanges:
    """What the edits do to the nodes, in the order of `graph.nodes`. reached: [nodes], those downstream of an edit.
    values: [nodes], the measured change of each one's output as a share of it; None until it is measured."""

    reached: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class NodeScores:
    """Scores of nodes, in the order of `graph.nodes`: positive raises the metric, if they are `signed`; NaN where there
    is none. values: [nodes]. how: "estimated", "measured", "scored", "drawn". at: [nodes, position], where positions
    were scored. direction: A's, by which they have their hue."""

    values: NDArray[np.float64]
    how: str = "estimated"
    at: NDArray[np.float64] | None = None
    signed: bool = True
    direction: int | None = 1


@dataclass(frozen=True)
class GroupMark:
    """A group of nodes. color: one of `core.groups.GROUP_COLORS`."""

    name: str
    color: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class CanvasData:
    """Everything the canvas shows."""

    graph: Graph
    edges: tuple[EdgeMark, ...] = ()
    nodes: Mapping[Node, NodeMark] = field(default_factory=dict)
    selection: tuple[Target, ...] = ()
    input_label: str = "input"  # "input · token + position", "input · patch + position"
    output_label: str = "logits"  # "logits", "class scores", "embedding"
    stale: bool = False  # the numbers are of an earlier state: dim them
    weaker: int = 0  # edges of the selected nodes that are not shown
    weaker_of: str = ""  # whose they are
    changes: NodeChanges | None = None  # the fill of the nodes
    groups: tuple[GroupMark, ...] = ()
    scores: NodeScores | None = None  # the fill of the nodes, where no edit gives them one
    how: str = "estimated"  # the edges' scores, where they are not measured: "scored", "drawn"
    signed: bool = True  # whether the sign of these says anything
    beside: int = 0  # edges that are shown and do not belong to the circuit: of the selection, and edited ones
    direction: int | None = 1  # A's, by which the hues are
    text_label: str = "class texts"  # of the input of a text tower beside that of pictures
    opened: Mapping[Node, tuple[Node, ...]] = field(default_factory=dict)  # MLPs with the neurons shown in their place
    over: str = ""  # "24 pairs": what the edges are scored over; empty for the pair on the cards, as edits are
