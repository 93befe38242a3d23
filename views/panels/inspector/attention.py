"""An attention pattern as a heat map: rows ask, columns offer. From one position to some hundreds. A click pins the
position that asks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.formatting import visible_token
from views.theme import current
from views.widgets.painted import Painted
from views.widgets.text import plain_tip, scaled

_FLOOR = 0.07  # of the blue: a weight of 0 that could have been more
_LARGEST_CELL = 22.0
_GAPS_FROM = 6.0  # pixels a cell: smaller cells touch


class AttentionView(Painted):
    """[query, key] weights. Emits the words for the cell under the pointer, or for the strongest one."""

    described = Signal(str)
    pointed = Signal(int, int)  # the query and the key under the pointer; -1, -1: none
    pin_requested = Signal(int, bool)  # a position, and whether beside those that are pinned
    cell_clicked = Signal(int, int)  # the query and the key, before the query is pinned

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weights: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._labels: tuple[str, ...] = ()
        self._quoted = False
        self._causal = False
        self._cell: tuple[int, int] | None = None
        self._pinned: tuple[int, ...] = ()
        self._image = QImage()
        self._image_theme = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Attention pattern")

    def set_pattern(self, weights: NDArray[np.float32], labels: Sequence[str], tokens: bool = True) -> None:
        """`weights` [query, key]; rows sum to 1. `labels` name the positions; tokens are shown like chips
        and quoted in sentences."""
        self._weights = weights
        self._labels = tuple(visible_token(label) for label in labels) if tokens else tuple(labels)
        self._quoted = tokens and bool(labels)
        n = weights.shape[0]
        self._causal = n > 1 and n == weights.shape[1] and not bool(np.triu(weights, 1).any())
        self._cell = None
        self._image_theme = ""
        self.updateGeometry()
        self.update()
        self.describe()

    def set_pinned(self, positions: Sequence[int]) -> None:
        """Mark the rows of these positions."""
        self._pinned = tuple(positions)
        self.update()

    def weights(self) -> NDArray[np.float32]:
        """[query, key], as shown."""
        return self._weights

    def size_in_positions(self) -> int:
        return int(self._weights.shape[0])

    # ---- geometry ------------------------------------------------------------------------------------------

    def _label(self, position: int) -> str:
        return self._labels[position] if position < len(self._labels) else str(position)

    def _gutter(self, width: float) -> float:
        """Room for the row labels."""
        if not self._labels:
            return 0.0
        metrics = QFontMetricsF(scaled(self.font(), 0.85))
        longest = max(metrics.horizontalAdvance(label) for label in self._labels)
        return min(longest + 8, width * 0.27)

    def _cell_size(self, width: float) -> float:
        n = max(1, *self._weights.shape)
        return min(_LARGEST_CELL, max((width - self._gutter(width)) / n, 0.1))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._cell_size(width) * self._weights.shape[0]) + 2

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(self.width() or 260))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 20)

    def map_rect(self) -> QRectF:
        """Where the cells are."""
        cell, gutter = self._cell_size(self.width()), self._gutter(self.width())
        return QRectF(gutter, 1, cell * self._weights.shape[1], cell * self._weights.shape[0])

    def cell_rect(self, query: int, key: int) -> QRectF:
        rect, cell = self.map_rect(), self._cell_size(self.width())
        return QRectF(rect.x() + key * cell, rect.y() + query * cell, cell, cell)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        rect = self.map_rect()
        if not rect.contains(point):
            return None
        cell = self._cell_size(self.width())
        query = min(int((point.y() - rect.y()) / cell), self._weights.shape[0] - 1)
        key = min(int((point.x() - rect.x()) / cell), self._weights.shape[1] - 1)
        return None if self._causal and key > query else (query, key)

    # ---- drawing -------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        if not self._weights.size:
            return
        if self._image_theme != current().name:
            self._image, self._image_theme = self._make_image(), current().name
        rect, cell = self.map_rect(), self._cell_size(self.width())
        if cell >= _GAPS_FROM:
            self._draw_cells(painter, rect, cell)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, cell < 1)
            painter.drawImage(rect, self._image)
        self._draw_labels(painter, rect, cell)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for position in self._pinned:
            if position < self._weights.shape[0]:
                painter.setPen(QPen(current().color("selection"), 1.2))
                painter.drawRoundedRect(self._row_rect(position), 2, 2)
        if self._cell is not None:
            query, key = self._cell
            painter.setPen(QPen(current().color("text", 0.35), 1))
            painter.drawRect(self._row_rect(query))
            bottom = self.cell_rect(self._weights.shape[0] - 1, key)
            top = self.cell_rect(key if self._causal else 0, key)
            painter.drawRect(top.united(bottom))
            painter.setPen(QPen(current().color("selection"), 1.5))
            painter.drawRect(self.cell_rect(*self._cell))

    def _row_rect(self, query: int) -> QRectF:
        """All cells of a row that can hold a weight."""
        last = query if self._causal else self._weights.shape[1] - 1
        return self.cell_rect(query, 0).united(self.cell_rect(query, last))

    def _make_image(self) -> QImage:
        """One pixel a cell; the largest weight is the fullest blue. The square root lifts small weights into
        sight."""
        largest = max(float(self._weights.max()), 1e-9)
        share = _FLOOR + (1 - _FLOOR) * np.sqrt(np.clip(self._weights / largest, 0, 1))
        theme = current()
        low, high = theme.color("panel"), theme.color("positive")
        base = np.array([low.blue(), low.green(), low.red()], dtype=np.float32)
        top = np.array([high.blue(), high.green(), high.red()], dtype=np.float32)
        rows, columns = share.shape
        pixels = np.empty((rows, columns, 4), dtype=np.uint8)
        pixels[..., :3] = (base + (top - base) * share[..., None]).round()
        pixels[..., 3] = 255
        if self._causal:
            pixels[np.triu(np.ones((rows, columns), dtype=bool), 1)] = 0
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32).copy()

    def _draw_cells(self, painter: QPainter, rect: QRectF, cell: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for query in range(self._weights.shape[0]):
            for key in range(query + 1 if self._causal else self._weights.shape[1]):
                painter.setBrush(self._image.pixelColor(key, query))
                x, y = rect.x() + key * cell, rect.y() + query * cell
                painter.drawRoundedRect(QRectF(x + 0.5, y + 0.5, cell - 1, cell - 1), 1, 1)

    def _draw_labels(self, painter: QPainter, rect: QRectF, cell: float) -> None:
        """As many row labels as there is room for; the row that is asked about always has its own."""
        if not self._labels:
            return
        font = scaled(self.font(), min(0.85, max(0.62, cell / 18)))
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        asked = self._cell[0] if self._cell else self._weights.shape[0] - 1
        room = max(rect.x() - 7, 1)
        taken: list[float] = []  # tops of the labels drawn
        for query in (asked, *range(self._weights.shape[0])):
            top = rect.y() + (query + 0.5) * cell - metrics.height() / 2
            top = min(max(top, 0.0), max(self.height() - metrics.height(), 0.0))
            near = min((abs(top - other) for other in (taken[:1] + taken[-1:])), default=metrics.height())
            if near < metrics.height() * 0.85:
                continue
            taken.append(top)
            color = "selection" if query in self._pinned else "text" if query == asked else "muted"
            painter.setPen(current().color(color))
            text = metrics.elidedText(self._label(query), Qt.TextElideMode.ElideRight, room)
            box = QRectF(0, top, room, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    # ---- asking --------------------------------------------------------------------------------------------

    def words_for(self, query: int, key: int, adverb: str = "") -> str:
        asks, offers = self._label(query), self._label(key)
        if self._quoted:
            asks, offers = f"“{asks}”", f"“{offers}”"
        return f"{asks} reads {offers}{adverb}: {self._weights[query, key]:.3f}"

    def describe(self) -> None:
        """Emit the words for what is pointed at."""
        if not self._weights.size:
            self.described.emit("")
        elif self._cell is not None:
            self.described.emit(self.words_for(*self._cell))
        else:
            query = self._weights.shape[0] - 1
            self.described.emit(self.words_for(query, int(self._weights[query].argmax()), " most"))

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.update()
            self.describe()
            self.pointed.emit(*(cell or (-1, -1)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        self._point_at(cell)
        text = ""
        if cell is not None:
            text = f"{self.words_for(*cell)}\nposition {cell[0]} asks, position {cell[1]} offers"
            text += "\nClick (or Enter): why it looks there; edits apply at the position that asks; Shift adds others"
        QToolTip.showText(event.globalPosition().toPoint(), plain_tip(text), self)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.cell_clicked.emit(*cell)
            self.pin_requested.emit(cell[0], _extends(event.modifiers()))
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell is not None:
            self.cell_clicked.emit(*self._cell)
            self.pin_requested.emit(self._cell[0], _extends(event.modifiers()))
            return
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._weights.size:
            super().keyPressEvent(event)
            return
        last = self._weights.shape[0] - 1
        query, key = self._cell or (last, int(self._weights[last].argmax()))
        if self._cell is not None:
            query = min(max(query + step[0], 0), last)
            most = query if self._causal else self._weights.shape[1] - 1
            key = min(max(key + step[1], 0), most)
        self._point_at((query, key))


def _extends(modifiers: Qt.KeyboardModifier) -> bool:
    return bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
