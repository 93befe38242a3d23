"""A figure as it will be, as large as the room is wide; what is longer is scrolled to."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPicture, QPixmap, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from views.figures.formats import PaintedFigure
from views.theme import SPACE, current, theme_changes

LARGEST = 1.7  # times the printed size
STALE = 0.4  # opacity of a figure that is being made anew
STRIP = 256  # dots; Qt takes far more than twice as long over a dashed line in twice the height
PIECES = 32  # of a curve, which are all but straight
SLICE = 0.04  # seconds of painting, after which the rest waits for its turn
PAUSE = 150  # milliseconds without a change of size, after which the figure is painted in the new one


class Recorder(QPainter):
    """Of a picture that is played in strips. Along a curve Qt loses count of the dashes that are out of the strip, so
    that they would not meet those of the next one. A dashed curve becomes straight pieces from gap to gap."""

    def drawPath(self, path: QPainterPath) -> None:
        pen = self.pen()
        pattern = pen.dashPattern()
        if len(pattern) != 2 or not pen.widthF() or self.brush() != Qt.BrushStyle.NoBrush:
            super().drawPath(path)
            return
        inner = QPen(pen)
        inner.setDashOffset(pattern[0] + pattern[1] / 2)  # in a gap
        for polygon in path.toSubpathPolygons():
            first, *others = _from_gap_to_gap([(point.x(), point.y()) for point in polygon], pen)
            self.setPen(pen)
            self.drawLine(first)
            if others:
                self.setPen(inner)
                self.drawLines(others)
        self.setPen(pen)


def _from_gap_to_gap(points: list[tuple[float, float]], pen: QPen) -> list[QLineF]:
    """A line of straight parts, cut anew in the gaps of its dashes."""
    dash, gap = (length * pen.widthF() for length in pen.dashPattern())
    corners = np.array(points)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    step = (dash + gap) * max(1, int(along[-1] / PIECES / (dash + gap)))
    cuts = np.concatenate([[0.0], np.arange(step - gap / 2, along[-1], step), along[-1:]])
    x, y = (np.interp(cuts, along, side) for side in corners.T)
    return [QLineF(*ends) for ends in np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1).tolist()]


class Page(QWidget):
    """The figure's page. The figure is recorded once; of the record those strips are painted that are looked at, each
    once, and then copied. A page of another size shows its strips scaled, until that size has lasted."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview of the figure")
        self._size = QSizeF()  # of the figure
        self._record = QPicture()
        self._shown = QSize()  # pixels of the window
        self._painted = QSize()  # dots of all strips, one below the other
        self.strips: dict[int, QPixmap] = {}  # by their number from above
        self._stale = False
        self._settling = QTimer(self, singleShot=True, interval=PAUSE)
        self._settling.timeout.connect(self._settle)

    def show_figure(self, figure: PaintedFigure | None, width: int) -> None:
        """width: of the room."""
        self._record = QPicture()
        self._size = QSizeF() if figure is None else QSizeF(figure.size)
        if figure is not None:
            painter = Recorder(self._record)
            figure.paint(painter)
            painter.end()
        self.strips.clear()
        self.fit(width)

    def fit(self, width: int) -> None:
        """Be as wide as there is room."""
        if self._size.isEmpty():
            self._shown = QSize()
            self.setFixedSize(QSize(0, 0))
            return
        zoom = min(LARGEST, max(50, width - 2 * SPACE) / self._size.width())
        self._shown = (self._size * zoom).toSize()
        self.setFixedSize(self._shown + QSize(2 * SPACE, 2 * SPACE))
        if self.strips:
            self._settling.start()
        else:
            self._settle()
        self.update()

    def _settle(self) -> None:
        """Paint in the size that is shown."""
        self._settling.stop()
        painted = self._shown * self.devicePixelRatioF()
        if painted != self._painted:
            self._painted = painted
            self.strips.clear()
        self.update()

    def set_stale(self, stale: bool) -> None:
        self._stale = stale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._shown.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._settling.isActive())
        painter.setOpacity(STALE if self._stale else 1.0)
        width, scale = self._shown.width(), self._shown.height() / self._painted.height()
        started = perf_counter()
        for number in range(-(-self._painted.height() // STRIP)):
            top, rows = number * STRIP, min(STRIP, self._painted.height() - number * STRIP)
            place = QRectF(SPACE, SPACE + top * scale, width, rows * scale)
            if not place.intersects(QRectF(event.rect())):
                continue
            if number not in self.strips:
                if perf_counter() - started > SLICE:
                    self.update(place.toAlignedRect())
                    continue
                self.strips[number] = self._strip(top, rows)
            strip = self.strips[number]
            painter.drawPixmap(place, strip, QRectF(strip.rect()))
        painter.setOpacity(1.0)
        painter.setPen(QColor(current().border))
        painter.drawRect(QRectF(SPACE - 0.5, SPACE - 0.5, width + 1, self._shown.height() + 1))

    def _strip(self, top: int, rows: int) -> QPixmap:
        strip = QPixmap(self._painted.width(), rows)
        painter = QPainter(strip)
        painter.translate(QPointF(0, -top))
        painter.scale(self._painted.width() / self._size.width(), self._painted.height() / self._size.height())
        self._record.play(painter)
        painter.end()
        return strip


class Preview(QScrollArea):
    """Of one figure at a time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = Page()
        self.figure: PaintedFigure | None = None
        self.setWidget(self.page)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else its width goes to and fro
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(QSize(260, 240))
        theme_changes().changed.connect(self.page.update)

    def show_figure(self, figure: PaintedFigure | None) -> None:
        self.figure = figure
        self.page.show_figure(figure, self.viewport().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.page.fit(self.viewport().width())
