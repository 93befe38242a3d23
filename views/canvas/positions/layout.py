"""Where things stand on the second level: a column for every token or patch, a row for every node of the circuit.

Rows go up in the order in which the nodes write, with a little air between layers. A column is the first level in
miniature: within it heads stand from left to right and the MLP at the end, so that the wires of a column come apart.
The tokens are chips below, wide enough for their text; the output is a bar on top of the columns that it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMarginsF, QRectF, QSizeF

from core.graph import Graph, Node
from views.canvas.corners import EDGE, HEADER_HEIGHT
from views.canvas.labels import sized, text_width
from views.canvas.positions.data import Column, Positions, PositionsData, Spot

CHIP_PIXELS = 12  # of the text of a token
CHIP_HEIGHT = 24.0
NARROWEST, WIDEST = 30.0, 160.0  # pixels of a chip, in the usual size of text
THUMBNAIL = 34.0  # pixels of a patch
PATCH_TEXT = 15.0  # below it
COLUMN_GAP = 8.0
PER_NODE, MOST_FOR_NODES = 2.4, 46.0  # pixels by which a column is wider for the nodes that stand there
BAR_HEIGHT = 22.0  # in the usual size of text, as the chips
LEGIBLE = 0.62  # scale down to which the whole is framed
END_GAP = 30.0  # from the nearest row to the chips and to the bar
AIR = 0.4  # rows between layers
LOWEST_PITCH, HIGHEST_PITCH = 6.0, 46.0
LARGEST_RADIUS = 6.0


def margins() -> QMarginsF:
    """Pixels to keep free: names of the rows on the left, the header on top."""
    return QMarginsF(sized(58) + EDGE, EDGE + sized(HEADER_HEIGHT) + 4, EDGE + 8, EDGE)


@dataclass(frozen=True, eq=False)
class PositionsLayout:
    """Positions in world units (pixels of the framed view), y downwards."""

    graph: Graph
    columns: tuple[Column, ...]
    nodes: tuple[Node, ...]  # of the rows, from below
    centres: NDArray[np.float64]  # x of the columns
    widths: NDArray[np.float64]  # of the columns, gaps included
    rows: NDArray[np.float64]  # y of the rows
    pitch: float
    radius: float
    chip_size: QSizeF  # height of chips; the width of a patch's
    output_width: float  # of what the output is called

    @cached_property
    def row_of(self) -> dict[Node, int]:
        return {node: row for row, node in enumerate(self.nodes)}

    @cached_property
    def column_of(self) -> dict[Positions, int]:
        return {column.positions: number for number, column in enumerate(self.columns)}

    @property
    def bar_height(self) -> float:
        return sized(BAR_HEIGHT)

    @property
    def foot(self) -> float:
        """The top of the chips."""
        return END_GAP + (0.0 if len(self.rows) else 40.0)

    @property
    def head(self) -> float:
        """The bottom of the bar."""
        return (float(self.rows[-1]) if len(self.rows) else 0.0) - END_GAP

    @cached_property
    def bounds(self) -> QRectF:
        left, right = self.centres[0] - self.widths[0] / 2, self.centres[-1] + self.widths[-1] / 2
        top, bottom = self.head - self.bar_height, self.foot + self.chip_size.height()
        return QRectF(float(left), top, float(right - left), bottom - top)

    def chip(self, column: int) -> QRectF:
        """The token or patch of a column."""
        width = self.chip_size.width() or _chip_width(self.columns[column].text)
        return QRectF(float(self.centres[column]) - width / 2, self.foot, width, self.chip_size.height())

    def bar(self, column: int) -> QRectF:
        """The output over a column; over several, its part of their common bar."""
        width, centre = float(self.widths[column]), float(self.centres[column])
        if sum(other.read for other in self.columns) == 1:
            width = max(width - COLUMN_GAP, self.output_width)
            right = self.bounds.right()
            centre = min(max(centre, self.bounds.left() + width / 2), right - width / 2)
        return QRectF(centre - width / 2, self.head - self.bar_height, width, self.bar_height)

    def x(self, node: Node, column: int) -> float:
        """Where a node stands across its column."""
        centre = float(self.centres[column])
        if node.kind not in ("head", "mlp"):
            return centre
        slot = self.graph.heads if node.kind == "mlp" else node.head
        spread = min(0.66 * float(self.widths[column]), 120.0)
        return centre + ((slot + 0.5) / (self.graph.heads + 1) - 0.5) * spread

    def shape(self, spot: Spot) -> QRectF:
        """The rectangle that a node fills at a column. Raises KeyError where it does not stand."""
        column = self.column_of[spot.positions]
        if spot.node.kind == "input":
            return self.chip(column)
        if spot.node.kind == "logits":
            return self.bar(column)
        y = float(self.rows[self.row_of[spot.node]])
        across = self.radius * (1.5 if spot.node.kind == "mlp" else 1.0)
        return QRectF(self.x(spot.node, column) - across, y - self.radius, 2 * across, 2 * self.radius)


def make_positions_layout(data: PositionsData, size: QSizeF) -> PositionsLayout:
    """A layout for the room there is: columns are as wide as their text, or wider; rows as far apart as they fit."""
    graph = data.graph
    used = {spot.node for spot in data.spots if spot.node.kind in ("head", "mlp")}
    nodes = tuple(sorted(used, key=graph.writer_index))
    patches = data.picture is not None
    chips = QSizeF(THUMBNAIL, THUMBNAIL + sized(PATCH_TEXT)) if patches else QSizeF(0, sized(CHIP_HEIGHT))
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(margins())

    shrunk = 1.0
    widths = np.array([chips.width() or _chip_width(column.text) for column in data.columns]) + COLUMN_GAP
    if len(widths):
        standing = _standing(data)
        more = np.minimum(PER_NODE * standing, MOST_FOR_NODES)
        free_width = max(room.width() - widths.sum(), 0.0)
        widths = widths + more * min(max(free_width / more.sum(), 0.4), 1.0) if more.any() else widths
        widths = widths + (standing + 3) / (standing + 3).sum() * max(room.width() - widths.sum(), 0.0)
        shrunk = min(max(room.width() / widths.sum(), LEGIBLE), 1.0)  # as all of it will be framed
    centres = np.cumsum(widths) - widths / 2

    steps = [1.0 if a.layer == b.layer else 1.0 + AIR for a, b in pairwise(nodes)]
    free = room.height() / shrunk - chips.height() - sized(BAR_HEIGHT) - 2 * END_GAP
    pitch = min(max(free / max(sum(steps), 1.0), LOWEST_PITCH), HIGHEST_PITCH)
    rows = -np.cumsum([0.0, *steps])[: len(nodes)] * pitch
    radius = min(0.4 * pitch, LARGEST_RADIUS)
    output = text_width(data.output_label, CHIP_PIXELS) + 18.0
    return PositionsLayout(graph, data.columns, nodes, centres, widths, rows, pitch, radius, chips, output)


def _standing(data: PositionsData) -> NDArray[np.float64]:
    """How many heads and MLPs stand in each column: [columns]."""
    standing = dict.fromkeys((column.positions for column in data.columns), 0.0)
    for spot in data.spots:
        if spot.positions in standing and spot.node.kind in ("head", "mlp"):
            standing[spot.positions] += 1.0
    return np.array(list(standing.values()))


def _chip_width(text: str) -> float:
    return min(max(text_width(text, CHIP_PIXELS) + 16.0, NARROWEST), sized(WIDEST))
