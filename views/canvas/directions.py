"""Which way the edges of a selected node go: a dot at the other end where the node reads another, an arrow where it
writes to another. Shapes, not colours: they can be told apart in grey."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from core.graph import Node
from views.canvas.camera import Camera
from views.canvas.curves import Array
from views.canvas.edge_layer import edge_color
from views.canvas.labels import is_far
from views.canvas.scene import Scene
from views.theme_colors import Theme

MOST_MARKS = 240  # of each kind: the strongest edges'
DOT_AT, DOT = 5.0, 3.4  # pixels from the end of the edge, and half its width
ARROW, ARROW_HALF = 8.0, 4.2  # pixels
ROOMY, SMALLEST = 26.0, 0.62  # pixels between rows from which marks are whole; the least share of their size


def paint_directions(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, node: Node, exposed: QRectF
) -> None:
    """Mark the shown edges of a node where they meet its neighbours, in the exposed rectangle (widget pixels)."""
    if is_far(scene, camera):
        return
    controls = camera.to_widget(scene.curves.controls)
    size = min(max(scene.layout.pitch_y * camera.scale / ROOMY, SMALLEST), 1.0)
    read = scene.read_by(node)[-MOST_MARKS:]
    starts, ways = controls[read, 0], _ways(controls[read, 0], controls[read, 1])
    for place, start, way in _near(read, starts, ways, exposed):
        paint_dot(painter, start + way * DOT_AT * size, theme, _ink(scene, theme, place), size)
    written = scene.written_by(node)[-MOST_MARKS:]
    lines, of = scene.curves.lines_of(written)
    ends = camera.to_widget(lines.controls)
    for place, end, way in _near(of, ends[:, 3], _ways(ends[:, 2], ends[:, 3]), exposed):
        paint_arrow(painter, end, way, theme, _ink(scene, theme, place), size)


def _ways(start: Array, end: Array) -> Array:
    """Directions of length 1: [edges, 2]."""
    step = end - start
    return step / np.maximum(np.hypot(*step.T), 1e-9)[:, None]


def _near(places: NDArray[np.int64], at: Array, ways: Array, exposed: QRectF) -> list[tuple[int, QPointF, QPointF]]:
    """The marks in the exposed rectangle: place, where, which way."""
    wide = exposed.adjusted(-ARROW, -ARROW, ARROW, ARROW)
    marks = zip(places.tolist(), at.tolist(), ways.tolist(), strict=True)
    return [(place, QPointF(*xy), QPointF(*way)) for place, xy, way in marks if wide.contains(QPointF(*xy))]


def _ink(scene: Scene, theme: Theme, place: int) -> QColor:
    sign, level = int(scene.sign[place]), int(scene.level[place])
    return edge_color(theme, sign, max(level, 3))


def paint_dot(painter: QPainter, centre: QPointF, theme: Theme, ink: QColor, size: float = 1.0) -> None:
    """The mark where a node reads another."""
    painter.setPen(QPen(QColor(theme.panel), 1.0))
    painter.setBrush(ink)
    painter.drawEllipse(centre, DOT * size, DOT * size)


def paint_arrow(painter: QPainter, tip: QPointF, way: QPointF, theme: Theme, ink: QColor, size: float = 1.0) -> None:
    """The mark where a node writes to another. way: of length 1, to the tip."""
    foot, across = tip - way * ARROW * size, QPointF(-way.y(), way.x()) * ARROW_HALF * size
    painter.setPen(QPen(QColor(theme.panel), 1.0))
    painter.setBrush(ink)
    painter.drawPolygon([tip, foot + across, foot - across])
