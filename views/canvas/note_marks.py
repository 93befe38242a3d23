"""The mark of a note: a small square at the corner of a node, or on the middle of an edge."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from views.canvas.camera import Camera
from views.canvas.edge_layer import polyline
from views.canvas.labels import is_far, node_rect, sized
from views.canvas.scene import Scene
from views.theme_colors import Theme

SIDE = 5.0  # pixels
ROUND = 0.7071  # of a radius: where the corner of a head would be


def paint_note_marks(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, area: QRectF) -> None:
    """Of what has a note, in the area. Far out, where layers are bands, nodes have none."""
    nodes, places = scene.noted
    if not nodes and not places:
        return
    painter.setPen(QPen(QColor(theme.panel), 1.0))
    painter.setBrush(QColor(theme.text))
    for at in [_on_edge(scene, camera, place) for place in places] + [
        _at_corner(node_rect(scene, camera, node), node.kind == "head")
        for node in nodes
        if node.kind in ("input", "logits") or not is_far(scene, camera)
    ]:
        side = sized(SIDE) + 1
        box = QRectF(at.x() - side / 2, at.y() - side / 2, side, side)
        if box.intersects(area):
            painter.drawRect(box)


def _at_corner(rect: QRectF, round_: bool) -> QPointF:
    if not round_:
        return rect.topRight() + QPointF(-3, 0)
    centre = rect.center()
    return QPointF(centre.x() + ROUND * rect.width() / 2, centre.y() - ROUND * rect.height() / 2)


def _on_edge(scene: Scene, camera: Camera, place: int) -> QPointF:
    points, along = polyline(scene, camera, place)
    middle = 0.5 * float(along[-1])
    return QPointF(np.interp(middle, along, points[:, 0]), np.interp(middle, along, points[:, 1]))
