"""A figure as it will be, as large as the room is wide; what is longer is scrolled to."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from views.figures.formats import PaintedFigure
from views.theme import SPACE, current, theme_changes

LARGEST = 1.7  # times the printed size
STALE = 0.4  # opacity of a figure that is being made anew


class Page(QWidget):
    """The figure's page. It is painted once, and then copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview of the figure")
        self._figure: PaintedFigure | None = None
        self._picture = QPixmap()
        self._stale = False

    def show_figure(self, figure: PaintedFigure | None, width: int) -> None:
        """width: of the room."""
        self._figure = figure
        zoom = 1.0 if figure is None else min(LARGEST, max(50, width - 2 * SPACE) / figure.size.width())
        if figure is None:
            self._picture = QPixmap()
            self.setFixedSize(QSize(0, 0))
        else:
            dots = self.devicePixelRatioF()
            size = (figure.size * zoom).toSize()
            self._picture = QPixmap(size * dots)
            self._picture.setDevicePixelRatio(dots)
            painter = QPainter(self._picture)
            painter.scale(size.width() / figure.size.width(), size.height() / figure.size.height())
            figure.paint(painter)
            painter.end()
            self.setFixedSize(size + QSize(2 * SPACE, 2 * SPACE))
        self.update()

    def set_stale(self, stale: bool) -> None:
        self._stale = stale
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture.isNull():
            return
        painter = QPainter(self)
        painter.setOpacity(STALE if self._stale else 1.0)
        painter.drawPixmap(QPoint(SPACE, SPACE), self._picture)
        painter.setOpacity(1.0)
        painter.setPen(QColor(current().border))
        size = self._picture.deviceIndependentSize()
        painter.drawRect(QRectF(SPACE - 0.5, SPACE - 0.5, size.width() + 1, size.height() + 1))


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
        self.page.show_figure(self.figure, self.viewport().width())
