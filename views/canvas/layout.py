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
from views.theme import text_scale

EDGE = 14.0  # pixels between the border of the canvas and what is written on it
BAR_HEIGHT = 22.0
HEADER_HEIGHT = 34.0  # two lines of legend
FOOT_HEIGHT = 32.0  # two more in the lower left corner
LEAST_BAR = 150.0  # pixels: a bar that would be narrower stands below or above what is written in the corners
LOW = 250.0  # pixels: of a view in which height is scarce
LEAST_ROW = 2.0  # pixels between two layers: lower ones could not be told apart, and the bars have their names still
MLP_GAP = 1.35  # columns between the last head and the MLP
MLP_RISE = 0.3  # rows that the MLP stands above its heads
LARGEST_RADIUS = 11.0
MARGINS = QMarginsF(88, EDGE, 64, EDGE)  # layer names on the left, names of MLPs on the right


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


def make_layout(graph: Graph, size: QSizeF, header: tuple[float, float] = (0.0, 0.0), foot: float = 0.0) -> Layout:
    """Place a graph in a view of some pixels. `header` is the width of what is written in the upper left and
    right corner: the `logits` bar stands between them where there is room, else below. `foot` is the same of the lower
    left corner: `input` stands beside it, else above."""
    pitch_x, pitch_y = _pitches(graph, size, header, foot)
    margins = _margins(size, header, foot)
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(margins)
    end_gap, top_gap = _foot_gap(graph, pitch_x, pitch_y, size, foot), _top_gap(pitch_y, size, header)
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
    bar_width = min(max(0.62 * width, LEAST_BAR * text_scale()), 420.0)
    if margins.top() == EDGE:
        bar_width = min(bar_width, _header_gap(size, header, centre))
    bar = QRectF(centre - bar_width / 2, -BAR_HEIGHT / 2, bar_width, BAR_HEIGHT)
    below = QRectF(bar)
    if foot and margins.bottom() == EDGE:
        left = _right_of(foot)
        below.setWidth(min(bar_width, max(2 * (centre - left), LEAST_BAR * text_scale())))
        below.moveLeft(max(centre - below.width() / 2, left))
    first, last = [[below.center().x(), base + end_gap]], [[centre, top]]
    positions = np.concatenate([first, np.stack([x, y], axis=-1).reshape(-1, 2), last])
    radius = min(0.29 * min(pitch_x, pitch_y), LARGEST_RADIUS)
    return Layout(
        graph, pitch_x, pitch_y, radius, positions,
        below.translated(0, base + end_gap), bar.translated(0, top), margins,
    )  # fmt: skip


def _pitches(graph: Graph, size: QSizeF, header: tuple[float, float], foot: float) -> tuple[float, float]:
    """Distances between columns and between rows."""
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(MARGINS)
    pitch_x = min(max((room.width() - 2 * LARGEST_RADIUS) / (graph.heads - 1 + MLP_GAP), 18.0), 92.0)
    margins = _margins(size, header, foot)
    height = size.height() - margins.top() - margins.bottom() - BAR_HEIGHT
    # the gaps at both ends depend on the row pitch: two steps settle it
    pitch_y = height / (graph.layers + 1)
    for _ in range(4):
        rows = height - _foot_gap(graph, pitch_x, pitch_y, size, foot) - _top_gap(pitch_y, size, header)
        pitch_y = max(rows / (graph.layers - 1 + MLP_RISE), LEAST_ROW)
    pitch_y = min(pitch_y, 1.8 * pitch_x, 110.0)
    return min(pitch_x, _widest_column(pitch_y)), pitch_y


def _widest_column(pitch_y: float) -> float:
    """A small model keeps together; low rows take the width that there is, up to some pixels."""
    return max(4.2 * pitch_y, 36.0)


def _end_gap(pitch_y: float, size: QSizeF) -> float:
    """From the middle of a bar to the nearest row; in a low view the rows have the room."""
    return min(max(0.8 * pitch_y, 34.0 if size.height() >= LOW else 24.0), 62.0)


def _top_gap(pitch_y: float, size: QSizeF, header: tuple[float, float]) -> float:
    """The same at the top. Where the bar stands beside the corner at the right, the edge from the last MLP to it, which
    rises a little above the MLP, stays below the corner."""
    gap = _end_gap(pitch_y, size)
    if header == (0.0, 0.0) or _margins(size, header, 0.0).top() > EDGE:
        return gap
    mlp = 0.9 * min(0.29 * pitch_y, LARGEST_RADIUS)
    return max(gap, HEADER_HEIGHT * text_scale() - BAR_HEIGHT / 2 + mlp + 0.27 * pitch_y + 2)


def _foot_gap(graph: Graph, pitch_x: float, pitch_y: float, size: QSizeF, foot: float) -> float:
    """The same at the bottom: the lowest row stays above what is written beside the bar, where it comes so far to the
    left."""
    gap, columns = _end_gap(pitch_y, size), min(pitch_x, _widest_column(pitch_y)) * (graph.heads - 1 + MLP_GAP)
    radius = min(0.29 * pitch_y, LARGEST_RADIUS)
    left = (size.width() + MARGINS.left() - MARGINS.right() - columns) / 2 - radius
    if foot == 0.0 or left > EDGE + foot:
        return gap
    return max(gap, FOOT_HEIGHT * text_scale() - BAR_HEIGHT / 2 + radius)


def _margins(size: QSizeF, header: tuple[float, float], foot: float) -> QMarginsF:
    """At the top and at the bottom, what is written there is left out where the bar finds no place beside it."""
    centre = (size.width() + MARGINS.left() - MARGINS.right()) / 2
    beside_header = _header_gap(size, header, centre) >= LEAST_BAR
    name = LEAST_BAR * text_scale()  # what the name of a bar takes
    beside_foot = not foot or _right_of(foot) + name <= size.width() - MARGINS.right()
    top = EDGE if beside_header else EDGE + HEADER_HEIGHT * text_scale() + 6
    bottom = EDGE if beside_foot else EDGE + FOOT_HEIGHT * text_scale() + 4
    return QMarginsF(MARGINS.left(), top, MARGINS.right(), bottom)


def _header_gap(size: QSizeF, header: tuple[float, float], centre: float) -> float:
    """Width of a bar round `centre` that touches neither corner."""
    if header == (0.0, 0.0):
        return size.width()
    return 2 * min(centre - EDGE - header[0], size.width() - EDGE - header[1] - centre) - 48


def _right_of(foot: float) -> float:
    """Where a bar begins that keeps off the lower left corner, with the edges that leave it to the left."""
    return EDGE + foot + 28
