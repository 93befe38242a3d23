"""An opened MLP: its strongest neurons, or the experts of a mixture, as small nodes in its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.graph import Node
from views.canvas.camera import Camera
from views.canvas.labels import is_far, pixel_font
from views.canvas.layout import Layout
from views.canvas.node_layer import score_color
from views.canvas.scene import Scene, score_shades
from views.theme import mix
from views.theme_colors import Theme

NUMBERS_FROM = 26.0  # pixels of a unit's width from which it has its number


def units_near(layout: Layout, camera: Camera, point: QPointF) -> list[Node]:
    """The units of opened MLPs that a point (widget pixels) is on, the nearest first."""
    reached = []
    for units in layout.opened.values():
        for unit in units:
            rect = camera.rect(layout.shape(unit))
            apart = np.hypot(point.x() - rect.center().x(), point.y() - rect.center().y())
            if apart <= rect.width() / 2:
                reached.append((float(apart), unit))
    return [unit for _, unit in sorted(reached, key=lambda item: item[0])]


def beside(units: Sequence[Node], here: Node, dx: int) -> Node | None:
    """The next unit in the order of an opened MLP; from the MLP itself the first. None beyond the ends."""
    place = units.index(here) + dx if here in units else 0 if dx > 0 else -1
    return units[place] if 0 <= place < len(units) else None


def paint_units(painter: QPainter, scene: Scene, camera: Camera, theme: Theme, exposed: QRectF) -> None:
    """The boxes of opened MLPs and what is in them, filled by their scores; edited ones with a broken outline."""
    if is_far(scene, camera):
        return
    layout = scene.layout
    for mlp, units in layout.opened.items():
        box = camera.rect(layout.shape(mlp))
        if not box.intersects(exposed):
            continue
        painter.setPen(QPen(mix(theme.panel, theme.text, 0.6), 1.2))
        painter.setBrush(mix(theme.panel, theme.raised, 0.8))
        painter.drawRoundedRect(box, 5, 5)
        marks = [scene.mark(unit) for unit in units]
        direction = scene.data.direction or 1
        shades = score_shades(np.array([(mark.score or 0.0) * direction for mark in marks]), True)
        for unit, mark, shade in zip(units, marks, shades.tolist(), strict=True):
            rect = camera.rect(layout.shape(unit))
            pen = QPen(QColor(theme.text), 1.2)
            if mark.edited:
                pen.setDashPattern([2.2, 1.8])
            painter.setPen(pen)
            painter.setBrush(score_color(theme, shade))
            painter.drawEllipse(rect)
            if mark.edited:
                painter.drawLine(rect.bottomLeft(), rect.topRight())
            if rect.width() >= NUMBERS_FROM:
                painter.setFont(pixel_font(9))
                painter.setPen(QColor(theme.text if abs(shade) < 4 else theme.panel))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(unit.head))
