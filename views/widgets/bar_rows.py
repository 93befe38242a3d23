"""Rows of a word, a bar and a number, painted by one widget. A row may be clicked where the owner says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from views.theme import RADIUS, current, mono_font
from views.widgets.painted import Painted, draw_bar
from views.widgets.text import plain_tip, scaled

_GAP = 8.0
_MOST_LABEL = 0.4  # of the width


@dataclass(frozen=True)
class BarRow:
    """value: the bar's length against the others'. number: as written. color: of the theme. hollow: an estimate, drawn
    as an outline. bold: the word stands out. chosen: a mark before it."""

    label: str
    value: float
    number: str
    color: str = "positive"
    tip: str = ""
    hollow: bool = False
    bold: bool = False
    chosen: bool = False


class BarRows(Painted):
    row_clicked = Signal(int)

    def __init__(
        self, name: str, clickable: bool = False, parent: QWidget | None = None, labels: float = _MOST_LABEL
    ) -> None:
        """labels: the share of the width that the words may take."""
        super().__init__(parent)
        self._most_label = labels
        self._name = name
        self._rows: tuple[BarRow, ...] = ()
        self._most = 0.0
        self._clickable = clickable
        self._at = -1  # the row that the keyboard is on
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        if clickable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_rows(self, rows: Sequence[BarRow], most: float = 0.0) -> None:
        """most: the value whose bar is full, where it is above all of the rows'."""
        self._rows, self._most = tuple(rows), most
        self._at = min(self._at, len(self._rows) - 1)
        self.setAccessibleName(f"{self._name}: " + "; ".join(f"{row.label} {row.number}" for row in self._rows))
        self.updateGeometry()
        self.update()

    def rows(self) -> tuple[BarRow, ...]:
        return self._rows

    def row_texts(self) -> list[tuple[str, str]]:
        """The words and the numbers shown."""
        return [(row.label, row.number) for row in self._rows]

    def row_rect(self, row: int) -> QRectF:
        return QRectF(0, row * self._line(), self.width(), self._line())

    def _line(self) -> int:
        return self.fontMetrics().height() + 6

    def sizeHint(self) -> QSize:
        return QSize(220, self._line() * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._line() * len(self._rows))

    def draw(self, painter: QPainter) -> None:
        if not self._rows:
            return
        theme, mono = current(), scaled(mono_font(), 0.95)
        bold = scaled(self.font(), 1.0)
        bold.setBold(True)
        widths = [QFontMetricsF(bold if row.bold else self.font()).horizontalAdvance(row.label) for row in self._rows]
        labels = min(max(widths) + 2, self.width() * self._most_label)
        numbers = max(QFontMetricsF(mono).horizontalAdvance(row.number) for row in self._rows)
        left = labels + _GAP
        room = max(self.width() - left - numbers - _GAP, 1.0)
        most = max(self._most, *(abs(row.value) for row in self._rows), 1e-12)
        for index, row in enumerate(self._rows):
            box = self.row_rect(index)
            if row.chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("selection", 0.16))
                painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 4, 4)
            font = bold if row.bold else self.font()
            painter.setFont(font)
            painter.setPen(theme.color("text"))
            label = QFontMetricsF(font).elidedText(row.label, Qt.TextElideMode.ElideRight, labels)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, label)
            bar = QRectF(left, box.center().y() - 4, room * abs(row.value) / most, 8)
            if row.hollow and bar.width() >= 3:
                painter.setPen(QPen(theme.color(row.color), 1.1, Qt.PenStyle.DashLine))
                painter.setBrush(theme.color(row.color, 0.22))
                painter.drawRoundedRect(bar.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
            elif not row.hollow or bar.width() > 0.5:
                draw_bar(painter, bar, theme.color(row.color))
            painter.setFont(mono)
            painter.setPen(theme.color("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, row.number)
            if self._clickable and self.hasFocus() and index == self._at:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.color("accent"), 1.2))
                painter.drawRoundedRect(box.adjusted(0.6, 0.6, -0.6, -0.6), RADIUS - 2, RADIUS - 2)

    # ---- acting --------------------------------------------------------------------------------------------

    def row_at(self, point: QPointF) -> int:
        index = int(point.y() // self._line())
        return index if 0 <= index < len(self._rows) else -1

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position())
        if self._clickable and event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self._at = row
            self.row_clicked.emit(row)
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if not self._clickable or not self._rows:
            super().keyPressEvent(event)
        elif step is not None:
            self._at = min(max(self._at + step, 0), len(self._rows) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._at >= 0:
            self.row_clicked.emit(self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tip(self._rows[row].tip) if row >= 0 else "", self)
            return True
        return super().event(event)
