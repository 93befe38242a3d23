"""What the window asks about the circuit over positions and what edits change, and the replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.replies import KeptPositions
from app.messages.request import Query
from core.edits import EditKind, EditTarget
from core.graph import Graph, Node
from core.project.document import Document
from views.canvas.positions.data import Positions


@dataclass(frozen=True)
class PositionsQuery(Query):
    """Some edges of a graph over all positions. circuit: how many there are in all. regions: positions of which each
    counts as one column; of those that overlap the first."""

    graph: Graph
    edges: tuple[int, ...]
    circuit: int = 0
    regions: tuple[Positions, ...] = ()

    def depends_on(self, document: Document) -> tuple[object, ...]:
        """Of the estimates; what the edits do there comes anew with every run."""
        traced = document.traced  # says where edges are kept
        where = None if traced is None else (traced.file, traced.level)
        return *document.session, document.cut_kind, document.method, where


@dataclass(frozen=True, eq=False)
class PositionScores:
    """The strongest links, strongest first, with their estimated scores. Columns by their number in `columns`.

    wires: (edge, column, score). moves: (head, key column, query column, score). links: how many there are that carry
    anything. reads: positions that the output reads; None: all.
    """

    columns: tuple[Positions, ...]
    wires: tuple[tuple[int, int, float], ...]
    moves: tuple[tuple[Node, int, int, float], ...]
    links: int
    reads: Positions | None


@dataclass(frozen=True)
class PositionsReply:
    """scores: estimated, of removing (`kind`). changes: what each edit at some positions does on top of the others:
    metric with it minus metric without it. kept: of a circuit that keeps edges at some positions."""

    number: int
    query: PositionsQuery
    kind: EditKind
    title: str  # of the method
    scores: PositionScores
    changes: Mapping[tuple[EditTarget, Positions], float]
    kept: KeptPositions | None = None


@dataclass(frozen=True)
class ChangesQuery(Query):
    """How much the edits change what each node puts out."""

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.inputs, document.means, document.edits


@dataclass(frozen=True, eq=False)
class ChangesReply:
    """reached, values: [nodes], in the order of `graph.nodes`; None without edits: see `core.evaluation`."""

    number: int
    reached: NDArray[np.bool_] | None
    values: NDArray[np.float64] | None


@dataclass(frozen=True)
class UnitsQuery(Query):
    """The strongest neurons, or experts, of MLPs that are open on the canvas. ranked: of all MLPs together, whichever
    these are, by attribution integrated from B to A."""

    nodes: tuple[Node, ...]
    ranked: bool = False

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return *document.session, document.cut_kind


@dataclass(frozen=True, eq=False)
class UnitsReply:
    """opened: of each MLP its units with their scores, as canvases have them: minus the estimated effect of replacing
    one. why: why one has none."""

    number: int
    opened: Mapping[Node, tuple[tuple[Node, float], ...]]
    why: str = ""
    ranked: bool = False
