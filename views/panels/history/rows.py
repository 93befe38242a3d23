"""The rows of the history: the model of the list, and how a step with its rails is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from views.panels.history.data import StepRow
from views.theme import current
from views.widgets.text import plain_tip, small_mono

STEP = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex
_NONE = QModelIndex()

_FIRST_RAIL = 10.0  # pixels from the left
_BETWEEN_RAILS = 14.0
_MOST_LANES = 6  # branches of branches beyond this share a rail, so that words keep room
_DOT = 4.5
_NOTE = 5.0  # pixels: the square that says that there is a note, as on the canvas
_SPOKEN = {"past": "", "present": "present step", "ahead": "undone", "aside": "on another branch"}


class StepModel(QAbstractListModel):
    """The rows. A change of a few of a thousand touches those alone."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[StepRow] = []
        self.present = -1  # its row

    def set_rows(self, rows: Sequence[StepRow]) -> None:
        old, new = self._rows, list(rows)
        shorter = min(len(old), len(new))
        start = next((i for i in range(shorter) if old[i] != new[i]), shorter)
        end = next((i for i in range(shorter - start) if old[-1 - i] != new[-1 - i]), shorter - start)
        gone, come = len(old) - end - start, len(new) - end - start
        self.present = next((i for i, row in enumerate(new) if row.state == "present"), -1)
        if gone > come:
            self.beginRemoveRows(_NONE, start + come, start + gone - 1)
            self._rows = [*old[: start + come], *old[start + gone :]]
            self.endRemoveRows()
        elif come > gone:
            self.beginInsertRows(_NONE, start + gone, start + come - 1)
            self._rows = new
            self.endInsertRows()
        self._rows = new
        if start < len(new) and (gone or come):
            self.dataChanged.emit(self.index(start), self.index(min(start + max(gone, come), len(new)) - 1))

    def row(self, row: int) -> StepRow:
        return self._rows[row]

    def rowCount(self, parent: _Index = _NONE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words
        if role == STEP:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(row.tip)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            value = "" if not row.value else "never run" if row.value == "–" else f"{row.spoken} {row.value}"
            note = "with a note" if row.note else ""
            return ", ".join(part for part in (row.words, value, note, _SPOKEN[row.state]) if part)
        return None


class StepDelegate(QStyledItemDelegate):
    """Rails, a dot, the words, the metric at the right. Steps not in effect are quiet, their dots hollow."""

    hot = -1  # the row that is looked at
    by_keys = False  # whether the row that the keys are on has a ring

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, QFontMetrics(option.font).height() + 10)  # type: ignore[attr-defined]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: StepRow = index.data(STEP)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        font = QFont(option.font)  # type: ignore[attr-defined]
        focused = self.by_keys and bool(option.state & QStyle.StateFlag.State_HasFocus)  # type: ignore[attr-defined]
        theme = current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.row() == self.hot or focused:
            painter.setPen(QPen(theme.color("accent"), 1) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover") if index.row() == self.hot else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if row.breaks:
            painter.setPen(QPen(theme.color("faint"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(
                QPointF(rect.left() + self.rail(row.lane) + 12, rect.top() + 0.5),
                QPointF(rect.right() - 6, rect.top() + 0.5),
            )
        dot = self._draw_rails(painter, row, QRectF(rect))
        self._draw_dot(painter, row, dot)

        color = {"past": "text", "present": "selection"}.get(row.state, "muted")
        mono = QFont(small_mono())
        width = QFontMetrics(mono).horizontalAdvance(row.value)
        if row.note:
            side = QRectF(rect.right() - 6 - width - _NOTE - 8, rect.center().y() - _NOTE / 2, _NOTE, _NOTE)
            painter.fillRect(side, theme.color("text" if row.state == "present" else "muted"))
            width += int(_NOTE) + 8
        words = rect.adjusted(int(dot.x() - rect.left() + 12), 0, -width - 14, 0)
        if row.state == "present":
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(theme.color(color))
        text = QFontMetrics(font).elidedText(row.words, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(mono)
        painter.setPen(theme.color("text" if row.state == "present" else "muted"))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect.adjusted(0, 0, -6, 0), right, row.value)
        painter.restore()

    @staticmethod
    def rail(lane: int) -> float:
        """Where a rail is, in pixels from the left of the row."""
        return _FIRST_RAIL + _BETWEEN_RAILS * min(lane, _MOST_LANES)

    def _draw_rails(self, painter: QPainter, row: StepRow, rect: QRectF) -> QPointF:
        """All rails of a row: those that pass it by, the one it comes from, its own. Returns the dot's place."""
        painter.setPen(QPen(current().color("faint"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = rect.center().y()
        x = rect.left() + self.rail(row.lane)
        for lane in range(row.lane):
            passing = rect.left() + self.rail(lane)
            if passing < x:
                painter.drawLine(QPointF(passing, rect.top()), QPointF(passing, rect.bottom()))
        if row.branches:
            beside = rect.left() + self.rail(row.lane - 1)
            path = QPainterPath(QPointF(beside, rect.top()))
            path.cubicTo(QPointF(beside, middle), QPointF(beside, middle), QPointF(x, middle))
            painter.drawPath(path)
        elif not row.starts:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, middle))
        if row.goes_on:
            painter.drawLine(QPointF(x, middle), QPointF(x, rect.bottom()))
        return QPointF(x, middle)

    @staticmethod
    def _draw_dot(painter: QPainter, row: StepRow, at: QPointF) -> None:
        theme = current()
        if row.state in ("past", "present"):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection" if row.state == "present" else "muted"))
            painter.drawEllipse(at, _DOT, _DOT)
        else:
            painter.setPen(QPen(theme.color("muted"), 1.3))
            painter.setBrush(theme.color("panel"))
            painter.drawEllipse(at, _DOT - 0.8, _DOT - 0.8)
