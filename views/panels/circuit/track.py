"""The track of the threshold slider: how many edges the circuit keeps, on a logarithmic scale, with the faithfulness
curve and the random band drawn in it.

    Left, Down; Right, Up    a few edges fewer, more (one by one while there are few)
    Page Up, Page Down       twice as many, half as many
    Home, End                none, all
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.formatting import share_words
from views.panels.circuit.data import CircuitData, CurveData
from views.theme import current, mix, text_scale
from views.widgets.painted import Painted
from views.widgets.text import scaled

SIDE, TOP, BOTTOM = 10.0, 8.0, 16.0  # pixels round the curve
AXIS = 40.0  # pixels on the right, for the shares
HEIGHT, SLIM = 64, 46  # pixels of the whole track
STALE = 0.35  # of its colour is left to a curve of an earlier state
STEP = 0.05  # of the edges, for the arrow keys
SNAP = 6.0  # pixels from a point of the curve that is read
FAR_ABOVE = 1.5  # of the behaviour: a curve that goes there has its height written
TICKS = (1, 10, 100, 1000, 10_000, 100_000, 1_000_000)


class FaithfulnessTrack(Painted):
    """Shows a `CircuitData`; says which size is wanted."""

    size_wanted = Signal(int)  # while it is dragged, too
    let_go = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data = CircuitData()
        self._dragged: int | None = None
        self._pointed: float | None = None  # pixels from the left, where the pointer is
        self._height = HEIGHT
        self._covered = QRectF()  # by a button: nothing is written below it
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Size of the circuit")
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        return QSize(400, self._height)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._height)

    def set_slim(self, slim: bool) -> None:
        self._height = SLIM if slim else HEIGHT
        self.updateGeometry()

    def set_covered(self, covered: QRect) -> None:
        if covered != self._covered.toRect():
            self._covered = QRectF(covered)
            self.update()

    def set_data(self, data: CircuitData) -> None:
        self._data = data
        self.setEnabled(data.edges > 0)
        self.setCursor(Qt.CursorShape.SizeHorCursor if data.edges else Qt.CursorShape.ArrowCursor)
        self.update()

    # ---- scales ------------------------------------------------------------------------------------------------

    def x_of(self, size: float) -> float:
        """Pixels, for a number of edges."""
        room = self.width() - SIDE - axis_width()
        return SIDE + room * math.log1p(size) / math.log1p(max(self._data.edges, 1))

    def size_at(self, x: float) -> int:
        share = min(max((x - SIDE) / max(self.width() - SIDE - axis_width(), 1.0), 0.0), 1.0)
        return min(round(math.expm1(share * math.log1p(self._data.edges))), self._data.edges)

    def _span(self) -> tuple[float, float]:
        """The least and the largest share drawn."""
        curve, kept = self._data.curve, self._data.kept
        shares = [0.0, 1.0, *(curve.recovered if curve else ()), *((kept.share,) if kept else ())]
        finite = [share for share in shares if math.isfinite(share)]
        return max(min(finite), -0.5), min(max(finite), 3.0)

    def y_of(self, share: float) -> float:
        low, high = self._span()
        room = self.height() - TOP - BOTTOM
        return TOP + room * (1 - (min(max(share, low), high) - low) / (high - low))

    # ---- hands -------------------------------------------------------------------------------------------------

    @property
    def size_shown(self) -> int:
        """Where the handle is."""
        if self._dragged is not None:
            return self._dragged
        return self._data.overview if self._data.size is None else self._data.size

    def _want(self, size: int) -> None:
        size = min(max(size, 0), self._data.edges)
        if size != self._data.size or self._dragged is not None:
            self.size_wanted.emit(size)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._data.edges:
            self._drag(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed = event.position().x()
        self.update()
        if self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event.position().x())

    def _drag(self, x: float) -> None:
        size = self.size_at(x)
        if size != self._dragged:
            self._dragged = size
            self._want(size)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._dragged is not None:
            self._dragged = None
            self.let_go.emit()
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._pointed = None
        self.update()

    def readout(self) -> str:
        """What stands beside the pointer; while the track has the focus, beside the handle. Empty otherwise."""
        if self._pointed is None and not self.hasFocus():
            return ""
        return size_words(self._data, self._size_read())

    def _size_read(self) -> int:
        """A point of the curve that is near, else the size at the pointer, or that of the handle."""
        if self._pointed is None or self._dragged is not None:
            return self.size_shown
        curve = self._data.curve
        near = [size for size in (curve.sizes if curve else ()) if abs(self.x_of(size) - self._pointed) <= SNAP]
        return min(
            near, key=lambda size: abs(self.x_of(size) - (self._pointed or 0.0)), default=self.size_at(self._pointed)
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._data.edges and self.hasFocus():
            self._want(self._stepped(1 if event.angleDelta().y() > 0 else -1))
            event.accept()
        else:
            event.ignore()

    def _stepped(self, way: int) -> int:
        size = self.size_shown
        return size + way * max(round(STEP * size), 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        size = self.size_shown
        goals = {
            Qt.Key.Key_Left: self._stepped(-1),
            Qt.Key.Key_Down: self._stepped(-1),
            Qt.Key.Key_Right: self._stepped(1),
            Qt.Key.Key_Up: self._stepped(1),
            Qt.Key.Key_PageUp: max(2 * size, 1),
            Qt.Key.Key_PageDown: size // 2,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._data.edges,
        }
        if event.key() in goals and self._data.edges and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._want(goals[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    # ---- painting ----------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        look, data = current(), self._data
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mix(look.panel, look.window, 0.6))
        painter.drawRoundedRect(box, 5, 5)
        if not data.edges:
            return
        self._draw_ticks(painter)
        if data.curve is not None:
            self._draw_curve(painter)
        self._draw_handle(painter)
        self._draw_readout(painter)

    def _draw_ticks(self, painter: QPainter) -> None:
        look = current()
        whole = self.y_of(1.0)
        painter.setPen(QPen(mix(look.panel, look.faint, 0.9), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(SIDE, whole), QPointF(self.width() - axis_width(), whole))
        painter.setFont(scaled(self.font(), 0.8))
        self._draw_shares(painter)
        foot, handle = self.height() - 2.0, self.x_of(self.size_shown)
        for size in (size for size in TICKS if size < self._data.edges):
            x = self.x_of(size)
            painter.setPen(QPen(mix(look.panel, look.faint, 0.9), 1.0))
            painter.drawLine(QPointF(x, foot), QPointF(x, foot - 4))
            painter.setPen(look.color("muted"))
            words = f"{size:,}"
            width = painter.fontMetrics().horizontalAdvance(words)
            for left in (x + 3, x - 3 - width):  # where the handle covers nothing of it
                beside = left > 0 and left + width <= self.width() - axis_width() + 2  # not on the axis
                box = QRectF(left, foot - 1 - painter.fontMetrics().ascent(), width, painter.fontMetrics().ascent())
                if beside and not left - 2 < handle < left + width + 2 and not box.intersects(self._covered):
                    painter.drawText(QPointF(left, foot - 1), words)
                    break

    def _draw_shares(self, painter: QPainter) -> None:
        """The axis on the right: the whole behaviour, and what lies above and below it where the curve goes there."""
        look, metrics = current(), painter.fontMetrics()
        _, high = self._span()
        written: list[float] = []
        marks = [1.0, 0.0, *([high] if high > FAR_ABOVE else [])]
        for share in marks if self._data.curve is not None else [1.0]:
            text = share_words(share)
            y = self.y_of(share)
            painter.setPen(look.color("muted"))
            base = min(max(y + metrics.ascent() / 2 - 1, metrics.ascent() + 1.0), self.height() - 3.0)
            if all(abs(base - other) >= metrics.ascent() for other in written):  # a low track has room for one or two
                written.append(base)
                painter.drawText(QPointF(self.width() - 4 - metrics.horizontalAdvance(text), base), text)

    def _draw_readout(self, painter: QPainter) -> None:
        """A hair line and what is known of the size there."""
        words = self.readout()
        if not words or not self._data.edges:
            return
        look = current()
        x = self.x_of(self._size_read())
        painter.setPen(QPen(look.color("muted"), 1.0, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, TOP - 4), QPointF(x, self.height() - 2))
        painter.setFont(scaled(self.font(), 0.9))
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(words) + 12
        left = x + 8 if x + 8 + width <= self.width() - 2 else max(x - 8 - width, 2.0)
        box = QRectF(left, 3, width, metrics.height() + 4)
        painter.setPen(QPen(look.color("border"), 1.0))
        painter.setBrush(look.color("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(look.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _draw_curve(self, painter: QPainter) -> None:
        """Dimmed where it is of an earlier state."""
        look, curve = current(), self._data.curve
        assert curve is not None
        faint = STALE if curve.stale else 1.0
        blue = mix(look.panel, look.positive, faint)
        xs = [self.x_of(size) for size in curve.sizes]
        band = np.nan_to_num(curve.band)
        upper = [QPointF(x, self.y_of(share)) for x, share in zip(xs, band[1].tolist(), strict=True)]
        lower = [QPointF(x, self.y_of(share)) for x, share in zip(xs, band[0].tolist(), strict=True)]
        zero = QPointF(SIDE, self.y_of(0.0))
        painter.setPen(QPen(mix(look.panel, look.neutral, 0.9 * faint), 1.2))
        painter.setBrush(mix(look.panel, look.neutral, 0.5 * faint))
        painter.drawPolygon(QPolygonF([zero, *upper, *reversed(lower)]))
        if curve.sure is not None:
            sure = np.nan_to_num(curve.sure)
            high, low = ([QPointF(x, self.y_of(share)) for x, share in zip(xs, row.tolist(), strict=True)]
                         for row in (sure[1], sure[0]))  # fmt: skip
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("positive", 0.22 * faint))
            painter.drawPolygon(QPolygonF([zero, *high, *reversed(low)]))
        painter.setPen(QPen(blue, 1.8))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        points = [QPointF(x, self.y_of(share)) for x, share in zip(xs, curve.recovered, strict=True)]
        painter.drawPolyline(QPolygonF([zero, *points]))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blue)
        for point in points:
            painter.drawEllipse(point, 2.2, 2.2)

    def _draw_handle(self, painter: QPainter) -> None:
        """Filled where the share is measured for just this size; hollow where it is awaited, or no circuit is
        chosen."""
        look, data = current(), self._data
        size = self.size_shown
        x, kept = self.x_of(size), data.kept
        measured = kept is not None and kept.size == size and data.size is not None and not data.stale
        y = self.y_of(kept.share) if kept is not None and measured else self._guess(size)
        painter.setPen(QPen(look.color("selection"), 1.8))
        painter.drawLine(QPointF(x, TOP - 4), QPointF(x, self.height() - 2))
        if kept is not None and kept.band is not None and measured:
            painter.setPen(QPen(look.color("selection"), 3.0))
            painter.drawLine(QPointF(x, self.y_of(kept.band[0])), QPointF(x, self.y_of(kept.band[1])))
            painter.setPen(QPen(look.color("selection"), 1.8))
        painter.setBrush(look.color("selection") if measured else look.color("panel"))
        painter.drawEllipse(QPointF(x, y), 5.5, 5.5)

    def _guess(self, size: int) -> float:
        """Where a handle without a share of its own rests: on the curve, or in the middle."""
        curve = self._data.curve
        if curve is None:
            return self.height() / 2
        return self.y_of(curve_at(curve, size))


def axis_width() -> float:
    """Pixels at the right that the shares take."""
    return AXIS * text_scale()


def size_words(data: CircuitData, size: int) -> str:
    """What is known of a size: "353 edges recover 87 %, random ones 2 % to 5 %", "340 edges: about 85 %"."""
    name = f"{size:,} edge{'s' * (size != 1)}"
    verb = "recover" + "s" * (size == 1)
    kept, curve = data.kept, data.curve
    if kept is not None and kept.size == size and data.size == size and not data.stale:
        return f"{name} {verb} {share_words(kept.share)}"
    if curve is None or curve.stale:
        return name
    if size in curve.sizes:
        place = curve.sizes.index(size)
        words = f"{name} {verb} {share_words(curve.recovered[place])}"
        low, high = curve.band[:, place].tolist()
        return words if math.isnan(low) else f"{words}, random ones {share_words(low)} to {share_words(high)}"
    return f"{name}: about {share_words(curve_at(curve, size))}"


def curve_at(curve: CurveData, size: int) -> float:
    """The share on the straight line between the sizes that were measured, on the scale of the track."""
    return float(np.interp(math.log1p(size), np.log1p([0, *curve.sizes]), [0.0, *curve.recovered]))


def curve_words(curve: CurveData) -> str:
    """All points, for a screen reader."""
    points = ", ".join(
        f"{size:,} edge{'s' * (size != 1)} {share_words(share)}"
        for size, share in zip(curve.sizes, curve.recovered, strict=True)
    )
    return f"The curve: {points}."
