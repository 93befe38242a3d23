"""Groups of nodes (supernodes) on the canvas: a halo of the group's colour round each member, and its name, which
selects all of them with one click."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from views.canvas.camera import Camera
from views.canvas.data import GroupMark
from views.canvas.labels import NOTE_PIXELS, node_rect, pixel_font
from views.canvas.scene import Scene
from views.theme_colors import Theme

HALO = 4.0  # pixels round a node
LIFT = 20.0  # pixels: the label of an edited node lies between it and the group's name
_PAD = QSizeF(6, 2)


def paint_groups(
    painter: QPainter, scene: Scene, camera: Camera, theme: Theme, view: QSizeF, pointed: GroupMark | None
) -> None:
    """pointed: the group whose label is under the pointer."""
    if not scene.data.groups:
        return
    painter.setFont(pixel_font(NOTE_PIXELS))
    for group in scene.data.groups:
        color = QColor(getattr(theme, group.color))
        painter.setBrush(theme.color(group.color, 0.16))
        painter.setPen(QPen(color, 2.4 if group == pointed else 1.6))
        for node in group.nodes:
            rect = node_rect(scene, camera, node).adjusted(-HALO, -HALO, HALO, HALO)
            radius = rect.height() / 2 if node.kind == "head" else HALO + 2
            painter.drawRoundedRect(rect, radius, radius)
    for group, box in label_boxes(scene, camera, view):
        color = QColor(getattr(theme, group.color))
        painter.setPen(QPen(color, 1.6 if group == pointed else 1.0))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(color)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, group.name)


def label_boxes(scene: Scene, camera: Camera, view: QSizeF) -> list[tuple[GroupMark, QRectF]]:
    """Where the names are (widget pixels): above a group's highest member in view, below the
    ones before."""
    metrics = QFontMetricsF(pixel_font(NOTE_PIXELS))
    placed: list[tuple[GroupMark, QRectF]] = []
    window = QRectF(QPointF(0, 0), view)
    for group in scene.data.groups:
        rects = [node_rect(scene, camera, node) for node in group.nodes]
        seen = [rect for rect in rects if window.intersects(rect)]
        if not seen:
            continue
        top = min(seen, key=lambda rect: (rect.top(), rect.left()))
        size = QSizeF(metrics.horizontalAdvance(group.name), metrics.height()) + _PAD * 2
        left = top.center().x() - size.width() / 2
        left = min(max(left, 4.0), max(view.width() - size.width() - 4.0, 4.0))
        edited = any(node in scene.data.nodes and scene.data.nodes[node].label for node in group.nodes)
        lift = LIFT if edited else 0.0
        box = QRectF(QPointF(left, top.top() - HALO - 3 - lift - size.height()), size)
        while any(box.intersects(other) for _, other in placed):
            box.translate(0, size.height() + 2)
        placed.append((group, box))
    return placed


def group_at(scene: Scene, camera: Camera, view: QSizeF, point: QPointF) -> GroupMark | None:
    """The group whose name is under a point."""
    boxes = label_boxes(scene, camera, view) if scene.data.groups else []
    return next((group for group, box in boxes if box.contains(point)), None)
