"""The mini-map in the lower right corner: where the view is in the whole. Shown only while something is out of view,
so that it never covers what is framed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from views.canvas.camera import Camera
from views.canvas.corners import EDGE
from views.theme_colors import Theme

LARGEST = QSizeF(132, 116)
PADDING = 8.0

Draw = Callable[[QPainter, Theme, Camera], None]  # the whole world, small, by a camera of the map


class MiniMap:
    """Draws itself into a corner of the canvas, from a picture that it keeps."""

    def __init__(self) -> None:
        self._picture: QPixmap | None = None
        self._key: object = None

    @staticmethod
    def box(bounds: QRectF, camera: Camera, size: QSizeF) -> QRectF | None:
        """Its rectangle in widget pixels; None while all is in view."""
        view = QRectF(0, 0, size.width(), size.height()).adjusted(-2, -2, 2, 2)
        if view.contains(camera.rect(bounds)):
            return None
        scale = _scale(bounds)
        width, height = bounds.width() * scale + 2 * PADDING, bounds.height() * scale + 2 * PADDING
        return QRectF(size.width() - EDGE - width, size.height() - EDGE - height, width, height)

    @staticmethod
    def to_world(bounds: QRectF, box: QRectF, point: QPointF) -> QPointF:
        """The world point under a point of the mini-map."""
        return bounds.topLeft() + (point - box.topLeft() - QPointF(PADDING, PADDING)) / _scale(bounds)

    @staticmethod
    def window(bounds: QRectF, box: QRectF, camera: Camera, size: QSizeF) -> QRectF:
        """What is in view, on the mini-map (widget pixels), with its own size kept where it reaches out."""
        view, scale = camera.world_rect(QRectF(QPointF(0, 0), size)), _scale(bounds)
        corner = (view.topLeft() - bounds.topLeft()) * scale + QPointF(PADDING, PADDING)
        return QRectF(box.topLeft() + corner, view.size() * scale)

    def paint(
        self,
        painter: QPainter,
        bounds: QRectF,
        camera: Camera,
        theme: Theme,
        size: QSizeF,
        ratio: float,
        draw: Draw,
        key: object,
    ) -> None:
        """draw: paints the whole; it is called when `key` or the look has changed."""
        box = self.box(bounds, camera, size)
        if box is None:
            return
        key = (key, theme.name, ratio, box.size().toTuple())
        if self._picture is None or self._key != key:
            self._picture, self._key = _picture(bounds, theme, box.size(), ratio, draw), key
        painter.drawPixmap(box.topLeft(), self._picture)
        window = self.window(bounds, box, camera, size).intersected(box.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(theme.selection), 1.2))
        painter.setBrush(theme.color("selection", 0.10))
        painter.drawRoundedRect(window, 2, 2)


def _scale(bounds: QRectF) -> float:
    return min((LARGEST.width() - 2 * PADDING) / bounds.width(), (LARGEST.height() - 2 * PADDING) / bounds.height())


def _picture(bounds: QRectF, theme: Theme, size: QSizeF, ratio: float, draw: Draw) -> QPixmap:
    picture = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(QColor(theme.window))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size.width() - 1, size.height() - 1), 6, 6)
    scale = _scale(bounds)
    draw(painter, theme, Camera(scale, PADDING - bounds.left() * scale, PADDING - bounds.top() * scale))
    painter.end()
    return picture
