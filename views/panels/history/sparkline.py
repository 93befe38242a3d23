"""The metric along the way to the present step, as a line: the present one is marked, what redo leads to is faint. The
line breaks where the model, the inputs or the metric change; each metric has a scale of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from views.panels.history.data import MetricPoint
from views.theme import current
from views.widgets.painted import Painted
from views.widgets.text import plain_tip

_MARGIN = 4.0  # pixels: room for the present point's dot
_MOST_DOTS = 40  # with more points than this the line says enough


class Sparkline(Painted):
    """A click on a point goes to its step."""

    step_chosen = Signal(int)  # its place along the way

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: tuple[MetricPoint, ...] = ()
        self._hot = -1
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_points(self, points: Sequence[MetricPoint]) -> None:
        self._points = tuple(points)
        self._hot = -1
        known = [point for point in points if point.value is not None]
        shown, metric = [], ""
        for point in known[-8:]:
            named = f"{point.metric}: " if point.metric != metric else ""
            shown.append(f"{named}{point.words} {point.text}")
            metric = point.metric
        self.setAccessibleName(f"Metric along the history: {'; '.join(shown)}")
        self.update()

    @property
    def points(self) -> tuple[MetricPoint, ...]:
        return self._points

    def tells(self) -> bool:
        """Whether there is a line to draw."""
        lines = [point.line for point in self._points if point.value is not None]
        return len(set(lines)) < len(lines)

    def sizeHint(self) -> QSize:
        return QSize(120, 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, 18)

    def place(self, index: int) -> QPointF | None:
        """Where a point is drawn; None where its metric is not known."""
        value, metric = self._points[index].value, self._points[index].metric
        if value is None:
            return None
        known = [point.value for point in self._points if point.value is not None and point.metric == metric]
        low, high = min(known), max(known)
        x = _MARGIN + (self.width() - 2 * _MARGIN) * index / max(len(self._points) - 1, 1)
        share = (value - low) / (high - low) if high > low else 0.5
        return QPointF(x, self.height() - _MARGIN - share * (self.height() - 2 * _MARGIN))

    def draw(self, painter: QPainter) -> None:
        theme = current()
        places = [(point, place) for i, point in enumerate(self._points) if (place := self.place(i)) is not None]
        for (before, start), (point, end) in pairwise(places):
            if before.line != point.line:
                self._draw_break(painter, (start.x() + end.x()) / 2)
                continue
            painter.setPen(QPen(theme.color("faint" if point.state == "ahead" else "muted"), 1.5))
            painter.drawLine(start, end)
        painter.setPen(Qt.PenStyle.NoPen)
        for point, place in places if len(places) <= _MOST_DOTS else ():
            painter.setBrush(theme.color("faint" if point.state == "ahead" else "muted"))
            painter.drawEllipse(place, 1.8, 1.8)
        for point, place in places:
            if point.state == "present":
                painter.setBrush(theme.color("selection"))
                painter.drawEllipse(place, 3.4, 3.4)
        hot = self.place(self._hot) if 0 <= self._hot < len(self._points) else None
        if hot is not None:
            painter.setPen(QPen(theme.color("text"), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(hot, 3.4, 3.4)

    def _draw_break(self, painter: QPainter, x: float) -> None:
        """What is right of it is of another model, other inputs or another metric."""
        painter.setPen(QPen(current().color("faint"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, 1), QPointF(x, self.height() - 1))

    def nearest(self, point: QPointF) -> int:
        """The known point next to the pointer, sideways; -1 for none."""
        places = [(abs(at.x() - point.x()), i) for i in range(len(self._points)) if (at := self.place(i)) is not None]
        return min(places)[1] if places else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hot = self.nearest(event.position())
        if hot != self._hot:
            self._hot = hot
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hot = -1
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.nearest(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.step_chosen.emit(index)

    def tip(self, point: QPointF) -> str:
        """The name and the number of the step next to the pointer."""
        index = self.nearest(point)
        if index < 0:
            return ""
        shown = self._points[index]
        several = len({other.metric for other in self._points if other.value is not None}) > 1
        return f"{shown.words}: {f'{shown.metric} = ' if several else ''}{shown.text}"

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), plain_tip(self.tip(QPointF(event.pos()))), self)
            return True
        return super().event(event)
