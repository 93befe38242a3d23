"""The mini-map in the lower right corner: where the view is in the whole graph. Shown only while something is
out of view, so that it never covers a framed graph."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from views.canvas.camera import Camera
from views.canvas.edge_layer import mix
from views.canvas.layout import EDGE
from views.canvas.scene import Scene
from views.theme import Theme

LARGEST = QSizeF(116, 116)
PADDING = 8.0


class MiniMap:
    """Draws itself into a corner of the canvas, from a picture that it keeps."""

    def __init__(self) -> None:
        self._picture: QPixmap | None = None
        self._key: object = None

    @staticmethod
    def box(scene: Scene, camera: Camera, size: QSizeF) -> QRectF | None:
        """Its rectangle in widget pixels; None while all is in view."""
        view = QRectF(0, 0, size.width(), size.height()).adjusted(-2, -2, 2, 2)
        if view.contains(camera.rect(scene.layout.bounds)):
            return None
        bounds = scene.layout.bounds
        scale = min(
            (LARGEST.width() - 2 * PADDING) / bounds.width(), (LARGEST.height() - 2 * PADDING) / bounds.height()
        )
        width, height = bounds.width() * scale + 2 * PADDING, bounds.height() * scale + 2 * PADDING
        return QRectF(size.width() - EDGE - width, size.height() - EDGE - height, width, height)

    @staticmethod
    def to_world(scene: Scene, box: QRectF, point: QPointF) -> QPointF:
        """The world point under a point of the mini-map."""
        bounds = scene.layout.bounds
        scale = (box.width() - 2 * PADDING) / bounds.width()
        return bounds.topLeft() + (point - box.topLeft() - QPointF(PADDING, PADDING)) / scale

    def paint(self, painter: QPainter, scene: Scene, camera: Camera, theme: Theme, size: QSizeF, ratio: float) -> None:
        box = self.box(scene, camera, size)
        if box is None:
            return
        key = (scene, theme.name, ratio, box.size().toTuple())
        if self._picture is None or self._key != key:
            self._picture, self._key = _draw(scene, theme, box.size(), ratio), key
        painter.drawPixmap(box.topLeft(), self._picture)
        scale = (box.width() - 2 * PADDING) / scene.layout.bounds.width()
        view = camera.world_rect(QRectF(QPointF(0, 0), size))
        corner = (view.topLeft() - scene.layout.bounds.topLeft()) * scale + QPointF(PADDING, PADDING)
        window = QRectF(box.topLeft() + corner, view.size() * scale).intersected(box.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(theme.selection), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(window, 2, 2)


def _draw(scene: Scene, theme: Theme, size: QSizeF, ratio: float) -> QPixmap:
    picture = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(QColor(theme.window))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), 6, 6)
    layout = scene.layout
    scale = (size.width() - 2 * PADDING) / layout.bounds.width()
    quiet, loud = mix(theme.window, theme.muted, 0.4), QColor(theme.positive)
    width, height = max(0.5 * layout.pitch_x * scale, 1.0), max(0.4 * layout.pitch_y * scale, 1.0)
    offset = layout.bounds.topLeft()
    for node in scene.data.graph.writers[1:]:
        at = (layout.position(node) - offset) * scale + QPointF(PADDING, PADDING)
        mark = scene.mark(node)
        color = loud if mark.named or mark.edited else quiet
        painter.fillRect(QRectF(at.x() - width / 2, at.y() - height / 2, width, height), color)
    painter.end()
    return picture
