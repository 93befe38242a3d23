"""Home positions: where every node of a graph stands, whatever its scores are.

Layers go up, as the residual stream does. The heads of a layer stand in a row in their order, its MLP at the
end of the row and a little higher (it reads what the heads wrote), `input` is a bar below and `logits` a bar
on top. The distances between columns and rows follow the room there is, within limits that keep a small
model together and a large one legible.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF

from core.graph import Graph, Node
from views.canvas.corners import EDGE, FOOT_HEIGHT, HEADER_HEIGHT, LEAST_BAR, LOW, SIDES, Corners, middle
from views.theme import text_scale

BAR_HEIGHT = 22.0
LEAST_ROW = 2.0  # pixels between two layers: lower ones could not be told apart, and the bars have their names still
MLP_GAP = 1.35  # columns between the last head and the MLP
MLP_RISE = 0.3  # rows that the MLP stands above its heads
LARGEST_RADIUS = 11.0
NO_CORNERS = Corners()


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions in world units (pixels of the framed view), y downwards."""

    graph: Graph
    pitch_x: float
    pitch_y: float
    radius: float  # of a head
    positions: NDArray[np.float64]  # [nodes, 2], in the order of graph.nodes
    input_bar: QRectF
    logits_bar: QRectF
    margins: QMarginsF  # pixels to keep free around the bounds

    @cached_property
    def bounds(self) -> QRectF:
        """The rectangle of all nodes and bars."""
        left, top = self.positions.min(axis=0) - self.radius
        right, bottom = self.positions.max(axis=0) + self.radius
        rows = QRectF(left, top, right - left + self.mlp_size.width() / 2 - self.radius, bottom - top)
        return rows.united(self.input_bar).united(self.logits_bar)

    @cached_property
    def mlp_size(self) -> QSizeF:
        return QSizeF(min(3.2 * self.radius, 0.8 * self.pitch_x), 1.8 * self.radius)

    def number(self, node: Node) -> int:
        """Of a node in `positions`."""
        return self.graph.n_writers if node.kind == "logits" else self.graph.writer_index(node)

    def position(self, node: Node) -> QPointF:
        x, y = self.positions[self.number(node)]
        return QPointF(float(x), float(y))

    def shape(self, node: Node) -> QRectF:
        """The rectangle that a node fills."""
        if node.kind == "input":
            return self.input_bar
        if node.kind == "logits":
            return self.logits_bar
        width, height = (
            (self.mlp_size.width(), self.mlp_size.height())
            if node.kind == "mlp"
            else (2 * self.radius, 2 * self.radius)
        )
        centre = self.position(node)
        return QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)

    def to_grid(self, point: QPointF) -> QPointF:
        """A world point in columns and rows from the first head of layer 0."""
        x, y = self.positions[1]
        return QPointF((point.x() - x) / self.pitch_x, (point.y() - y) / self.pitch_y)

    def from_grid(self, grid: QPointF) -> QPointF:
        """The world point at so many columns and rows from the first head of layer 0."""
        x, y = self.positions[1]
        return QPointF(x + grid.x() * self.pitch_x, y + grid.y() * self.pitch_y)

    def layer_y(self, layer: int) -> float:
        return float(self.positions[1 + layer * (self.graph.heads + 1), 1])


def make_layout(graph: Graph, size: QSizeF, corners: Corners = NO_CORNERS) -> Layout:
    """Place a graph in a view of some pixels. The `logits` bar stands between what is written in the upper corners
    where there is room, else below; `input` beside what is written in the lower left corner, else above."""
    pitch_x, pitch_y = _pitches(graph, size, corners)
    margins = corners.margins(size)
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(margins)
    end_gap, top_gap = _foot_gap(graph, pitch_x, pitch_y, size, corners), _top_gap(pitch_y, size, corners)
    width = pitch_x * (graph.heads - 1 + MLP_GAP)
    height = pitch_y * (graph.layers - 1 + MLP_RISE) + end_gap + top_gap + BAR_HEIGHT
    left = room.center().x() - width / 2
    bottom = room.center().y() + height / 2
    base = bottom - BAR_HEIGHT / 2 - end_gap  # y of layer 0

    columns = np.append(left + np.arange(graph.heads) * pitch_x, left + width)
    rows = base - np.arange(graph.layers) * pitch_y
    x, y = np.meshgrid(columns, rows)
    y[:, -1] -= MLP_RISE * pitch_y
    centre, top = left + width / 2, base - pitch_y * (graph.layers - 1 + MLP_RISE) - top_gap
    wide = min(max(0.62 * width, LEAST_BAR * text_scale()), 420.0)
    above, below = _top_bar(wide, centre, size, corners), _bottom_bar(wide, centre, size, corners)
    first, last = [[below.center().x(), base + end_gap]], [[above.center().x(), top]]
    positions = np.concatenate([first, np.stack([x, y], axis=-1).reshape(-1, 2), last])
    radius = min(0.29 * min(pitch_x, pitch_y), LARGEST_RADIUS)
    return Layout(
        graph, pitch_x, pitch_y, radius, positions,
        below.translated(0, base + end_gap), above.translated(0, top), margins,
    )  # fmt: skip


def _top_bar(wide: float, centre: float, size: QSizeF, corners: Corners) -> QRectF:
    """`logits`, about y = 0."""
    if corners.between(size):
        left, right = corners.sides_of_second(size)
        wide = min(wide, right - left)
        centre = min(max(centre, left + wide / 2), right - wide / 2)
    elif corners.beside(size):
        wide = min(wide, corners.gap(size))
    return QRectF(centre - wide / 2, -BAR_HEIGHT / 2, wide, BAR_HEIGHT)


def _bottom_bar(wide: float, centre: float, size: QSizeF, corners: Corners) -> QRectF:
    """`input`, about y = 0."""
    bar = QRectF(centre - wide / 2, -BAR_HEIGHT / 2, wide, BAR_HEIGHT)
    if corners.foot and corners.margins(size).bottom() == EDGE:
        bar.setWidth(min(wide, max(2 * (centre - corners.right_of_foot), LEAST_BAR * text_scale())))
        bar.moveLeft(max(centre - bar.width() / 2, corners.right_of_foot))
    return bar


def _pitches(graph: Graph, size: QSizeF, corners: Corners) -> tuple[float, float]:
    """Distances between columns and between rows."""
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(SIDES)
    pitch_x = min(max((room.width() - 2 * LARGEST_RADIUS) / (graph.heads - 1 + MLP_GAP), 18.0), 92.0)
    margins = corners.margins(size)
    height = size.height() - margins.top() - margins.bottom() - BAR_HEIGHT
    # the gaps at both ends depend on the row pitch: two steps settle it
    pitch_y = height / (graph.layers + 1)
    for _ in range(4):
        rows = height - _foot_gap(graph, pitch_x, pitch_y, size, corners) - _top_gap(pitch_y, size, corners)
        pitch_y = max(rows / (graph.layers - 1 + MLP_RISE), LEAST_ROW)
    pitch_y = min(pitch_y, 1.8 * pitch_x, 110.0)
    return min(pitch_x, _widest_column(pitch_y)), pitch_y


def _widest_column(pitch_y: float) -> float:
    """A small model keeps together; low rows take the width that there is, up to some pixels."""
    return max(4.2 * pitch_y, 36.0)


def _end_gap(pitch_y: float, size: QSizeF) -> float:
    """From the middle of a bar to the nearest row; in a low view the rows have the room."""
    return min(max(0.8 * pitch_y, 34.0 if size.height() >= LOW else 24.0), 62.0)


def _top_gap(pitch_y: float, size: QSizeF, corners: Corners) -> float:
    """The same at the top. Where the bar stands beside the corner at the right, the edge from the last MLP to it, which
    rises a little above the MLP, stays below the corner."""
    gap = _end_gap(pitch_y, size)
    mlp = 0.9 * min(0.29 * pitch_y, LARGEST_RADIUS)
    if corners.between(size):
        return max(gap, mlp + 0.27 * pitch_y + 14)
    if corners.left == corners.right == 0.0 or not corners.beside(size):
        return gap
    return max(gap, HEADER_HEIGHT * text_scale() - BAR_HEIGHT / 2 + mlp + 0.27 * pitch_y + 2)


def _foot_gap(graph: Graph, pitch_x: float, pitch_y: float, size: QSizeF, corners: Corners) -> float:
    """The same at the bottom: the lowest row stays above what is written beside the bar, where it comes so far to the
    left."""
    gap, columns = _end_gap(pitch_y, size), min(pitch_x, _widest_column(pitch_y)) * (graph.heads - 1 + MLP_GAP)
    radius = min(0.29 * pitch_y, LARGEST_RADIUS)
    left = middle(size) - columns / 2 - radius
    if corners.foot == 0.0 or left > EDGE + corners.foot:
        return gap
    return max(gap, FOOT_HEIGHT * text_scale() - BAR_HEIGHT / 2 + radius)
