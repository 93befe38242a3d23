"""The rows of the predictions: label, bars before and after, both figures and the change; B's own where it is wanted.

A row is pinned by the pin at its left, which appears under the pointer, or by Space. The rows keep their height; where
they are more than fit, the table scrolls (see `TableScroll`).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolTip, QWidget

from core.formatting import number
from core.project.outcome import PredictionRow
from views.panels.predictions.data import PredictionsData
from views.panels.predictions.rows import COUNTS, HEADINGS, b_cell, cells, digits_for, rows_to_show
from views.theme import current, mono_font
from views.widgets.line_icons import draw_icon
from views.widgets.painted import Painted, draw_bar
from views.widgets.text import plain_tip, scaled

_NARROWEST_BAR = 30.0
_SMALLEST_MARK = 2.0  # pixels: a mark of B nearer to nothing is none
_SMALLEST_FULL_BAR = 0.2  # below this a bar does not fill the row, so that small chances look small
_RIGHT_MARGIN = 6.0  # pixels: beside the scroll bar
_GUTTER = 18.0  # pixels: where the pins are
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True)
class _Columns:
    """Where the columns are, in pixels from the left: labels and bars by their left edge and width, numbers by their
    right edge. b: None where there is no column for B, or no room."""

    labels: float
    bars: float
    bars_width: float
    figures: float
    change: float
    b: float | None


class PredictionTable(Painted):
    pin_requested = Signal(str, bool)  # the key of an answer; whether it is to be pinned

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._data: PredictionsData | None = None
        self._rows: tuple[PredictionRow, ...] = ()
        self._count = COUNTS[0]
        self._compare = True
        self._digits = 2
        self._hot = -1  # the row under the pointer
        self._cursor = 0  # the row that the keys are for
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # ---- what it shows ----

    def set_data(self, data: PredictionsData | None) -> None:
        self._data = data
        self._refresh()

    def set_count(self, count: int) -> None:
        """How many of the likeliest answers to show."""
        self._count = count
        self._refresh()

    def set_compare(self, compare: bool) -> None:
        """Whether to show what B's own run gives."""
        self._compare = compare
        self._refresh()

    def _refresh(self) -> None:
        self._rows = rows_to_show(self._data, self._count) if self._data else ()
        self._digits = digits_for(self._rows, self._data.unit if self._data else "")
        self._cursor = min(self._cursor, max(len(self._rows) - 1, 0))
        self.setAccessibleName("; ".join(self._spoken(row) for row in self._rows))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[PredictionRow, ...]:
        """What is shown, top down."""
        return self._rows

    @property
    def compares(self) -> bool:
        """Whether B's own values are shown."""
        return self._compare and any(row.in_b is not None for row in self._rows)

    def row_texts(self) -> list[tuple[str, str, str]]:
        """Label, figures and change of every row."""
        return [cells(row, self._digits) for row in self._rows]

    def b_texts(self) -> list[str]:
        """B's own value of every row; empty where it is not shown."""
        return [b_cell(row, self._digits) for row in self._rows] if self.compares else []

    def _spoken(self, row: PredictionRow) -> str:
        words = ["pinned"] if row.pinned else []
        words += cells(row, self._digits)
        return " ".join([*words, f"in B {b_cell(row, self._digits)}"] if self.compares else words)

    # ---- sizes ----

    def line(self) -> int:
        """The least height of a row."""
        return self.fontMetrics().height() + 7

    def _head(self) -> float:
        """The height of the line that names the columns."""
        return self.fontMetrics().height() * 0.92 if self._rows else 0.0

    def _row_height(self) -> float:
        """Rows take some of the room that is left over."""
        room = (self.height() - self._head()) / max(len(self._rows), 1)
        return min(max(room, self.line()), 1.3 * self.line())

    def sizeHint(self) -> QSize:
        return QSize(420, int(self._head()) + self.line() * max(1, len(self._rows)))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())

    def row_rect(self, index: int) -> QRectF:
        height = self._row_height()
        return QRectF(0, self._head() + index * height, self.width(), height)

    def pin_rect(self, index: int) -> QRectF:
        """Where a row's pin is clicked."""
        row = self.row_rect(index)
        return QRectF(0, row.top(), _GUTTER, row.height())

    def index_at(self, point: QPointF) -> int:
        """The row at a point; -1 for none."""
        index = int((point.y() - self._head()) // self._row_height())
        return index if point.y() >= self._head() and 0 <= index < len(self._rows) else -1

    def _columns(self) -> _Columns:
        """Share out the width. Where there is little, gaps shrink, then B's numbers go, then the bars."""
        plain, mono = QFontMetricsF(self.font()), QFontMetricsF(mono_font())
        texts = self.row_texts()
        heads = [QFontMetricsF(self._head_font()).horizontalAdvance(words) for words in HEADINGS]
        figures = max(heads[0], *(mono.horizontalAdvance(text[1]) for text in texts))
        change = max(heads[1], *(mono.horizontalAdvance(text[2]) for text in texts))
        room = self.width() - _RIGHT_MARGIN
        gap = 12.0 if room < 480 else 24.0
        left = _GUTTER if any(row.key for row in self._rows) else 0.0
        b_width = max(heads[2], *(mono.horizontalAdvance(text) for text in self.b_texts() or ("",))) + gap
        longest = max(plain.horizontalAdvance(text[0]) * 1.08 for text in texts) + 14
        for b in (b_width, 0.0) if self.compares else (0.0,):
            right = figures + gap + change + b
            labels = min(max(longest, 74.0), max(56.0, (room - left - right) * 0.45))
            bars = room - left - labels - right - gap
            if bars >= _NARROWEST_BAR:
                break
        end = room - b
        return _Columns(left, left + labels, bars, end - change - gap, end, room if b else None)

    # ---- drawing ----

    def draw(self, painter: QPainter) -> None:
        if not self._rows:
            return
        theme = current()
        mono, plain = mono_font(), self.font()
        columns = self._columns()
        top = max(range(len(self._rows)), key=lambda i: self._rows[i].after)
        most = max(_SMALLEST_FULL_BAR, *(max(abs(row.before), abs(row.after)) for row in self._rows))
        self._draw_head(painter, columns)
        for index, row in enumerate(self._rows):
            box = self.row_rect(index)
            if not box.intersects(self._exposed):
                continue
            label, figures, change = cells(row, self._digits)
            self._draw_pin(painter, index, row)
            font = QFont(plain)
            font.setBold(index == top)
            painter.setFont(font)
            painter.setPen(theme.color("text"))
            room = columns.bars - columns.labels - 10
            label = QFontMetricsF(font).elidedText(label, Qt.TextElideMode.ElideRight, room)
            painter.drawText(box.adjusted(columns.labels, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, label)
            if columns.bars_width >= _NARROWEST_BAR:
                self._draw_bars(painter, row, box, columns, most)
            painter.setFont(mono)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(0, box.top(), columns.figures, box.height()), _RIGHT, figures)
            if columns.b is not None:
                painter.setPen(theme.color("muted"))
                painter.drawText(QRectF(0, box.top(), columns.b, box.height()), _RIGHT, b_cell(row, self._digits))
            mono.setBold(True)
            painter.setFont(mono)
            mono.setBold(False)
            moved = change[0] in "+−"
            painter.setPen(theme.color("muted" if not moved else "positive" if row.after > row.before else "negative"))
            painter.drawText(QRectF(0, box.top(), columns.change, box.height()), _RIGHT, change)
        self._draw_divider(painter)

    def _head_font(self) -> QFont:
        return scaled(self.font(), 0.85)

    def head_texts(self) -> list[str]:
        """What stands above the columns, from the left."""
        unit = self._data.unit if self._data else ""
        return [unit, *HEADINGS[:2], *(HEADINGS[2:] if self.compares and self._columns().b is not None else ())]

    def _draw_head(self, painter: QPainter, columns: _Columns) -> None:
        painter.setFont(self._head_font())
        painter.setPen(current().color("muted"))
        unit, *others = self.head_texts()
        metrics = QFontMetricsF(painter.font())
        left, room = columns.labels, columns.figures - metrics.horizontalAdvance(others[0]) - 8
        words = metrics.elidedText(unit, Qt.TextElideMode.ElideRight, room - left)
        painter.drawText(QRectF(left, 0, room - left, self._head()), Qt.AlignmentFlag.AlignVCenter, words)
        for right, words in zip((columns.figures, columns.change, columns.b), others, strict=False):
            if right is not None:
                painter.drawText(QRectF(0, 0, right, self._head()), _RIGHT, words)

    def _draw_pin(self, painter: QPainter, index: int, row: PredictionRow) -> None:
        """A pinned row's pin; that of the row under the pointer, or under the keys, is an offer."""
        if index == self._cursor and self.hasFocus() and self._ring:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(current().color("hover", 0.5))
            painter.drawRoundedRect(self.row_rect(index).adjusted(0, 1, 0, -1), 4, 4)
        offered = index == self._hot or (index == self._cursor and self.hasFocus())
        if row.pinned or (row.key and offered):
            glyph = QRectF(0, 0, 13, 13)
            box = self.pin_rect(index)
            glyph.moveCenter(QPointF(box.left() + 6.5, box.center().y()))
            draw_icon(painter, "pin", glyph, "text" if row.pinned else "muted", 1.0 if row.pinned else 0.7)

    def _draw_bars(self, painter: QPainter, row: PredictionRow, box: QRectF, columns: _Columns, most: float) -> None:
        theme, y, width = current(), box.center().y(), columns.bars_width
        before = QRectF(columns.bars, y - 7, width * abs(row.before) / most, 6)
        after = QRectF(columns.bars, y + 1, width * abs(row.after) / most, 6)
        draw_bar(painter, before, theme.color("neutral"))
        draw_bar(painter, after, theme.color("positive" if row.after >= 0 else "negative"))
        if self.compares and row.in_b is not None:
            x = width * min(abs(row.in_b) / most, 1.0)
            if x >= _SMALLEST_MARK:
                painter.setPen(QPen(theme.color("muted"), 1.5))
                painter.drawLine(QPointF(columns.bars + x, y - 9), QPointF(columns.bars + x, y + 9))

    def _draw_divider(self, painter: QPainter) -> None:
        """A line under the pinned rows."""
        pinned = sum(row.pinned for row in self._rows)
        if 0 < pinned < len(self._rows):
            y = self.row_rect(pinned).top()
            painter.setPen(QPen(current().color("border"), 1))
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))

    # ---- pins ----

    def _toggle(self, index: int) -> None:
        row = self._rows[index]
        if row.key:
            self.pin_requested.emit(row.key, not row.pinned)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._cursor = index
            if self.pin_rect(index).contains(event.position()):
                self._toggle(index)
            self.update()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        on_pin = index >= 0 and bool(self._rows[index].key) and self.pin_rect(index).contains(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if on_pin else Qt.CursorShape.ArrowCursor)
        if index != self._hot:
            self._hot = index
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hot = -1
        self.update()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self._rows:
            self._cursor = min(max(self._cursor + steps[Qt.Key(event.key())], 0), len(self._rows) - 1)
            self._ring = True
            area = self.parent() and self.parent().parent()
            if isinstance(area, TableScroll):
                centre = self.row_rect(self._cursor).center().toPoint()
                area.ensureVisible(0, centre.y(), 0, self.line())
            self.update()
        elif event.key() == Qt.Key.Key_Space and self._rows:
            self._toggle(self._cursor)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._rows:
            if self._rows[self._cursor].pinned:
                self._toggle(self._cursor)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tip(self.tip(index, QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def tip(self, index: int, point: QPointF) -> str:
        """What the pointer says of a row, with all its digits."""
        if index < 0:
            return ""
        row = self._rows[index]
        if row.key and self.pin_rect(index).contains(point):
            return "Unpin (Space)" if row.pinned else "Pin: always show this answer (Space)"
        words = f"{row.label!r}: {number(row.before, 5)} → {number(row.after, 5)}"
        return words if row.in_b is None else f"{words}; in B {number(row.in_b, 5)}"


class TableScroll(QScrollArea):
    """The table in as much height as there is."""

    def __init__(self, table: PredictionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setWidget(table)
        self.viewport().setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        return self.table.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.table.line())

    def rows_shown(self) -> int:
        """How many whole rows are in sight."""
        seen = QRect(0, self.verticalScrollBar().value(), self.viewport().width(), self.viewport().height())
        rows = range(len(self.table.rows))
        return sum(QRectF(seen).adjusted(0, -1, 0, 1).contains(self.table.row_rect(index)) for index in rows)
