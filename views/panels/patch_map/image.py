"""The picture under its map, with the outline of a mask; and both as a figure for others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from views.canvas.labels import NOTE_PIXELS, pixel_font
from views.figures.figure import wrap
from views.theme_colors import LIGHT
from views.widgets.patch_image import BRIGHTENING, PatchImage

FIGURE_WIDTH, EDGE, LINE = 480.0, 16.0, 18.0  # pixels of 1/96 inch


class MapImage(PatchImage):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(most_height=420, choosable=True, parent=parent)
        self.setAccessibleName("The map over the picture")
        self._mask: NDArray[np.bool_] | None = None
        self.set_grid_shown(False)

    def set_map(self, values: NDArray[np.float32] | None) -> None:
        """[row, column]: the least nothing and the most the strongest blue, in even steps between."""
        if values is None:
            self.set_weights(None)
            return
        span = float(values.max() - values.min())
        share = (values - values.min()) / span if span > 0 else np.zeros_like(values)
        self.set_weights((share ** (1 / BRIGHTENING)).ravel())

    def set_mask(self, mask: NDArray[np.bool_] | None) -> None:
        """Outline what a mask [height, width] of the picture holds."""
        self._mask = mask
        self.update()

    def draw(self, painter: QPainter) -> None:
        super().draw(painter)
        if self._mask is not None and not self.picture_rect().isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(self.picture_rect(), _outline(self._mask, self.theme().color("selection")))


def _outline(mask: NDArray[np.bool_], color: QColor) -> QImage:
    """The pixels of a mask that touch what is outside of it."""
    padded = np.pad(mask, 1)
    around = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    pixels = np.zeros((*mask.shape, 4), dtype=np.uint8)
    pixels[mask & ~around] = (color.blue(), color.green(), color.red(), 255)
    return QImage(pixels.data, mask.shape[1], mask.shape[0], 4 * mask.shape[1], QImage.Format.Format_ARGB32).copy()


class MapFigure:
    """One stage for others: the picture with its map, and what it is of below. size: in pixels of 1/96 inch; title: in
    a line."""

    def __init__(self, image: MapImage, words: str) -> None:
        self.title = words
        self._image = image
        rect = image.picture_rect()
        self._height = (FIGURE_WIDTH - 2 * EDGE) * rect.height() / max(rect.width(), 1.0)
        self._lines = wrap(words, pixel_font(NOTE_PIXELS), FIGURE_WIDTH - 2 * EDGE)
        self.size = QSizeF(FIGURE_WIDTH, round(self._height + len(self._lines) * LINE + 3 * EDGE))

    def paint(self, painter: QPainter) -> None:
        """Draw it from (0, 0) to `size`."""
        painter.fillRect(QRectF(QPointF(0, 0), self.size), QColor(LIGHT.panel))
        rect = self._image.picture_rect()
        painter.save()
        painter.translate(EDGE, EDGE)
        scale = (FIGURE_WIDTH - 2 * EDGE) / max(rect.width(), 1.0)
        painter.scale(scale, scale)
        painter.translate(-rect.x(), -rect.y())
        self._image.figure_theme = LIGHT
        try:
            self._image.draw(painter)
        finally:
            self._image.figure_theme = None
        painter.restore()
        painter.setPen(QColor(LIGHT.text))
        painter.setFont(pixel_font(NOTE_PIXELS))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, line in enumerate(self._lines):
            painter.drawText(QPointF(EDGE, self._height + 2 * EDGE + (number + 0.7) * LINE), line)
