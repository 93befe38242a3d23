"""A picture with its patch grid, and over it, where asked, a weight for every patch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.theme import current
from views.theme_colors import Theme
from views.widgets.painted import Painted

_DIM = 0.45  # opacity of the panel's colour over a picture that carries weights
BRIGHTENING = 0.6  # exponent of weights: small ones are seen beside a large one
_STRONGEST = 0.86  # opacity of the blue on the patch of the largest weight


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """[height, width, 3] -> a QImage that owns its memory."""
    rows = np.ascontiguousarray(pixels)
    height, width = rows.shape[:2]
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class PatchImage(Painted):
    """Fits the picture to the width, up to `most_height`, or less where `set_most_height` says so. Patches are numbered
    by rows."""

    patch_hovered = Signal(int)  # -1: none
    patch_clicked = Signal(int)

    def __init__(self, most_height: int = 216, choosable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_height = self._allowed_height = most_height
        self._choosable = choosable
        self._image = QImage()
        self._grey = QImage()  # under weights, so that the only colour is theirs
        self._grid: tuple[int, int] | None = None
        self._show_grid = True
        self._weights: NDArray[np.float32] | None = None
        self._veil = QImage()
        self._veil_theme = ""
        self.figure_theme: Theme | None = None  # that of a figure for others, while it is painted
        self._marked = self._hovered = -1
        self._pointed = (-1, -1)  # patches that are pointed at elsewhere: what asks, what offers
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(choosable)
        if choosable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.CrossCursor)

    # ---- what it shows -------------------------------------------------------------------------------------

    def set_image(self, pixels: NDArray[np.uint8] | None, grid: tuple[int, int] | None) -> None:
        self._image = QImage() if pixels is None else to_qimage(pixels)
        self._grey = self._image.convertToFormat(QImage.Format.Format_Grayscale8)
        self._grid = grid
        self._weights, self._marked, self._hovered = None, -1, -1
        self.updateGeometry()
        self.update()

    def set_grid_shown(self, shown: bool) -> None:
        self._show_grid = shown
        self.update()

    def set_weights(self, weights: NDArray[np.float32] | None) -> None:
        """[patches]: a blue glow on the grey picture."""
        self._weights = weights
        self._veil_theme = ""
        self.update()

    def set_marked(self, patch: int) -> None:
        """Outline one patch; -1 for none."""
        self._marked = patch
        self.update()

    def point_at(self, asks: int, offers: int) -> None:
        """Outline what is pointed at in an attention pattern; -1 for nothing."""
        if (asks, offers) != self._pointed:
            self._pointed = asks, offers
            self.update()

    def marked(self) -> int:
        return self._marked

    # ---- geometry ------------------------------------------------------------------------------------------

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(self._allowed_height, self.wanted_height(width))

    def wanted_height(self, width: int) -> int:
        """Pixels, where there is room enough."""
        if self._image.isNull():
            return 0
        return min(self._most_height, round(width * self._image.height() / self._image.width()))

    def set_most_height(self, pixels: int) -> bool:
        """Where there is less room. Never more than it may have at most. Tells whether that changes something."""
        before, self._allowed_height = self._allowed_height, min(pixels, self._most_height)
        if self._allowed_height == before:
            return False
        self.updateGeometry()
        return True

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(self.width() or 200))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 0 if self._image.isNull() else 60)

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget."""
        if self._image.isNull():
            return QRectF()
        scale = min(self.width() / self._image.width(), self.height() / self._image.height())
        rect = QRectF(0, 0, self._image.width() * scale, self._image.height() * scale)
        rect.moveTop((self.height() - rect.height()) / 2)
        return rect

    def patch_rect(self, patch: int) -> QRectF:
        rows, columns = self._grid or (1, 1)
        rect = self.picture_rect()
        width, height = rect.width() / columns, rect.height() / rows
        row, column = divmod(patch, columns)
        return QRectF(rect.x() + column * width, rect.y() + row * height, width, height)

    def patch_at(self, point: QPointF) -> int:
        rect = self.picture_rect()
        if self._grid is None or not rect.contains(point):
            return -1
        rows, columns = self._grid
        row = min(rows - 1, int((point.y() - rect.y()) / rect.height() * rows))
        column = min(columns - 1, int((point.x() - rect.x()) / rect.width() * columns))
        return row * columns + column

    # ---- drawing -------------------------------------------------------------------------------------------

    def theme(self) -> Theme:
        """The theme to paint with."""
        return self.figure_theme or current()

    def draw(self, painter: QPainter) -> None:
        if self._image.isNull():
            return
        rect = self.picture_rect()
        enlarged = rect.width() * self.devicePixelRatioF() / self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, enlarged < 2.5)
        painter.drawImage(rect, self._image if self._weights is None else self._grey)
        if self._weights is not None and self._grid is not None:
            self._draw_weights(painter, rect)
        if self._show_grid and self._grid is not None:
            self._draw_grid(painter, rect, self._grid)
        for patch, alpha in ((self._hovered, 0.6), (self._marked, 1.0)):
            if patch >= 0:
                painter.setPen(QPen(self.theme().color("selection", alpha), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.patch_rect(patch))

        for patch, color in zip(self._pointed, ("selection", "positive"), strict=True):
            if patch >= 0:
                painter.setPen(QPen(self.theme().color(color), 2))
                painter.setBrush(self.theme().color(color, 0.25))
                painter.drawRect(self.patch_rect(patch))

    def _draw_weights(self, painter: QPainter, rect: QRectF) -> None:
        theme = self.theme()
        if self._veil_theme != theme.name:
            self._veil, self._veil_theme = self._make_veil(), theme.name
        painter.fillRect(rect, theme.color("panel", _DIM))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(rect, self._veil)

    def _make_veil(self) -> QImage:
        """One pixel a patch: blue, as opaque as the weight is large."""
        assert self._weights is not None
        assert self._grid is not None
        rows, columns = self._grid
        share = np.clip(self._weights / max(float(self._weights.max()), 1e-9), 0, 1) ** BRIGHTENING
        color = self.theme().color("positive")
        pixels = np.empty((rows, columns, 4), dtype=np.uint8)
        pixels[..., :3] = (color.blue(), color.green(), color.red())
        pixels[..., 3] = (255 * _STRONGEST * share).round().reshape(rows, columns)
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32).copy()

    def _draw_grid(self, painter: QPainter, rect: QRectF, grid: tuple[int, int]) -> None:
        rows, columns = grid
        across = [rect.y() + rect.height() * i / rows for i in range(1, rows)]
        down = [rect.x() + rect.width() * i / columns for i in range(1, columns)]
        lines = [QLineF(rect.x(), y, rect.right(), y) for y in across]
        lines += [QLineF(x, rect.y(), x, rect.bottom()) for x in down]
        for color, width in ((QColor(0, 0, 0, 50), 1.2), (QColor(255, 255, 255, 105), 0.6)):
            painter.setPen(QPen(color, width))
            painter.drawLines(lines)

    # ---- acting --------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.patch_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self._hover(-1)

    def _hover(self, patch: int) -> None:
        if patch != self._hovered:
            self._hovered = patch
            self.patch_hovered.emit(patch)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        patch = self.patch_at(event.position())
        if self._choosable and event.button() == Qt.MouseButton.LeftButton and patch >= 0:
            self.patch_clicked.emit(patch)
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if not self._choosable or self._grid is None or step is None:
            super().keyPressEvent(event)
            return
        rows, columns = self._grid
        row, column = divmod(max(self._marked, 0), columns)
        if self._marked >= 0:
            row, column = (row + step[0]) % rows, (column + step[1]) % columns
        self.patch_clicked.emit(row * columns + column)
