"""Home positions: where every node of a graph stands, whatever its scores are.

Layers go up, as the residual stream does. The heads of a layer stand in a row in their order, its MLP at the
end of the row and a little higher (it reads what the heads wrote), `input` is a bar below and `logits` a bar
on top. Two towers stand side by side, each with its own input, and meet in `logits`. The distances between
columns and rows follow the room there is, within limits that keep a small model together and a large one legible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF

from core.graph import Graph, Node
from views.canvas.corners import EDGE, FOOT_HEIGHT, HEADER_HEIGHT, LEAST_BAR, LOW, SIDES, Corners, middle
from views.canvas.readers import Block, blocks_of
from views.theme import text_scale

BAR_HEIGHT = 22.0
LEAST_ROW = 2.0  # pixels between two layers: lower ones could not be told apart, and the bars have their names still
MLP_GAP = 1.35  # columns between the last head and the MLP
TOWER_GAP = 1.6  # columns between the MLP of one tower and the first head of the next
MLP_RISE = 0.3  # rows that the MLP stands above its heads
LARGEST_RADIUS = 11.0
OPENED_WIDTH, OPENED_HEIGHT = 1.7, 0.86  # columns and rows that an opened MLP fills
UNITS_A_ROW = 6
UNIT_SHARE = 0.8  # of the room that each has
LEAST_A_ROW = 4  # units of which the row would have room: fewer are no larger
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
    text_bar: QRectF | None = None  # the `input` of a text tower, which stands at the right
    opened: Mapping[Node, tuple[Node, ...]] = field(default_factory=dict)  # MLPs with the units that are shown in them

    @cached_property
    def bounds(self) -> QRectF:
        """The rectangle of all nodes and bars."""
        left, top = self.positions.min(axis=0) - self.radius
        right, bottom = self.positions.max(axis=0) + self.radius
        rows = QRectF(left, top, right - left + self.mlp_size.width() / 2 - self.radius, bottom - top)
        for bar in self.bars:
            rows = rows.united(bar)
        return rows

    @property
    def input_bars(self) -> tuple[QRectF, ...]:
        """Of each tower, from left to right."""
        return (self.input_bar,) if self.text_bar is None else (self.input_bar, self.text_bar)

    @property
    def bars(self) -> tuple[QRectF, ...]:
        return (*self.input_bars, self.logits_bar)

    @property
    def layers(self) -> int:
        """Of the higher tower."""
        return max(block.layers for block in blocks_of(self.graph))

    @cached_property
    def mlp_size(self) -> QSizeF:
        return QSizeF(min(3.2 * self.radius, 0.8 * self.pitch_x), 1.8 * self.radius)

    def number(self, node: Node) -> int:
        """Of a node in `positions`."""
        return self.graph.n_writers if node.kind == "logits" else self.graph.writer_index(node.whole)

    def position(self, node: Node) -> QPointF:
        if node in self.opened.get(node.whole, ()):
            return self._unit_shape(node).center()
        x, y = self.positions[self.number(node)]
        return QPointF(float(x), float(y))

    def _unit_shape(self, unit: Node) -> QRectF:
        """A circle in the box of its MLP, row by row."""
        units, box = self.opened[unit.whole], self.shape(unit.whole)
        columns = min(len(units), UNITS_A_ROW)
        rows = -(-len(units) // columns)
        row, column = divmod(units.index(unit), columns)
        wide, high = box.width() / columns, box.height() / rows
        side = UNIT_SHARE * min(wide, high, box.width() / LEAST_A_ROW)
        centre = QPointF(box.left() + (column + 0.5) * wide, box.top() + (row + 0.5) * high)
        return QRectF(centre.x() - side / 2, centre.y() - side / 2, side, side)

    def shape(self, node: Node) -> QRectF:
        """The rectangle that a node fills."""
        if node.kind == "input":
            return self.input_bars[-1] if node.tower else self.input_bar
        if node.kind == "logits":
            return self.logits_bar
        if node in self.opened.get(node.whole, ()):
            return self._unit_shape(node)
        node = node.whole
        width, height = (
            (self.mlp_size.width(), self.mlp_size.height())
            if node.kind == "mlp"
            else (2 * self.radius, 2 * self.radius)
        )
        if node in self.opened:
            width, height = OPENED_WIDTH * self.pitch_x, OPENED_HEIGHT * self.pitch_y
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
        return float(self.positions[1, 1]) - layer * self.pitch_y


def make_layout(graph: Graph, size: QSizeF, corners: Corners = NO_CORNERS) -> Layout:
    """Place a graph in a view of some pixels. The `logits` bar stands between what is written in the upper corners
    where there is room, else below; `input` beside what is written in the lower left corner, else above."""
    blocks = blocks_of(graph)
    columns = sum(_columns(block) for block in blocks) + TOWER_GAP * (len(blocks) - 1)
    layers = max(block.layers for block in blocks)
    pitch_x, pitch_y = _pitches(columns, layers, size, corners)
    margins = corners.margins(size)
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(margins)
    end_gap, top_gap = _foot_gap(columns, pitch_x, pitch_y, size, corners), _top_gap(pitch_y, size, corners)
    width = pitch_x * columns
    height = pitch_y * (layers - 1 + MLP_RISE) + end_gap + top_gap + BAR_HEIGHT
    left = room.center().x() - width / 2
    bottom = room.center().y() + height / 2
    base = bottom - BAR_HEIGHT / 2 - end_gap  # y of layer 0

    places, bars, start = [], [], left
    for block in blocks:
        wide = pitch_x * _columns(block)
        heads = np.append(start + np.arange(block.heads) * pitch_x, start + wide)
        x, y = np.meshgrid(heads, base - np.arange(block.layers) * pitch_y)
        y[:, -1] -= MLP_RISE * pitch_y
        bar = _bottom_bar(_bar_width(wide, len(blocks) > 1), start + wide / 2, size, corners)
        if len(blocks) > 1:  # what is written beside the left one may have pushed it towards the other
            bar.setRight(min(bar.right(), start + wide + TOWER_GAP * pitch_x / 4))
            bar.setLeft(min(bar.left(), bar.right() - LEAST_BAR / 2))
        bars.append(bar.translated(0, base + end_gap))
        places += [[[bars[-1].center().x(), base + end_gap]], np.stack([x, y], axis=-1).reshape(-1, 2)]
        start += wide + TOWER_GAP * pitch_x
    centre, top = left + width / 2, base - pitch_y * (layers - 1 + MLP_RISE) - top_gap
    above = _top_bar(_bar_width(width), centre, size, corners)
    positions = np.concatenate([*places, [[above.center().x(), top]]])
    radius = min(0.29 * min(pitch_x, pitch_y), LARGEST_RADIUS)
    return Layout(
        graph, pitch_x, pitch_y, radius, positions,
        bars[0], above.translated(0, top), margins, bars[1] if len(bars) > 1 else None,
    )  # fmt: skip


def _columns(block: Block) -> float:
    """From a layer's first head to its MLP."""
    return block.heads - 1 + MLP_GAP


def _bar_width(width: float, beside: bool = False) -> float:
    """Of a bar above or below rows of some width. beside: another one, which it must not meet."""
    wide = min(max(0.62 * width, LEAST_BAR * text_scale()), 420.0)
    return min(wide, width) if beside else wide


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


def _pitches(columns: float, layers: int, size: QSizeF, corners: Corners) -> tuple[float, float]:
    """Distances between columns and between rows."""
    room = QRectF(0, 0, size.width(), size.height()).marginsRemoved(SIDES)
    pitch_x = min(max((room.width() - 2 * LARGEST_RADIUS) / columns, 18.0), 92.0)
    margins = corners.margins(size)
    height = size.height() - margins.top() - margins.bottom() - BAR_HEIGHT
    # the gaps at both ends depend on the row pitch: two steps settle it
    pitch_y = height / (layers + 1)
    for _ in range(4):
        rows = height - _foot_gap(columns, pitch_x, pitch_y, size, corners) - _top_gap(pitch_y, size, corners)
        pitch_y = max(rows / (layers - 1 + MLP_RISE), LEAST_ROW)
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


def _foot_gap(columns: float, pitch_x: float, pitch_y: float, size: QSizeF, corners: Corners) -> float:
    """The same at the bottom: the lowest row stays above what is written beside the bar, where it comes so far to the
    left."""
    gap, wide = _end_gap(pitch_y, size), min(pitch_x, _widest_column(pitch_y)) * columns
    radius = min(0.29 * pitch_y, LARGEST_RADIUS)
    left = middle(size) - wide / 2 - radius
    if corners.foot == 0.0 or left > EDGE + corners.foot:
        return gap
    return max(gap, FOOT_HEIGHT * text_scale() - BAR_HEIGHT / 2 + radius)
