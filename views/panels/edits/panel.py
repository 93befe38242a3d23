"""The list of edits: each with its kind and a cross that restores it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from core.formatting import pretty_name
from views.panels.edits.data import EditRow
from views.theme import current
from views.widgets.buttons import LinkButton
from views.widgets.line_icons import draw_icon
from views.widgets.text import explained_heading, plain_tip, small_mono, wrapped

NO_EDITS = "No edits. Click a wire, then X to cut or P to patch."
_ROW = Qt.ItemDataRole.UserRole
_MOST_ROWS = 9
_PAD = 6

_Index = QModelIndex | QPersistentModelIndex


def name_and_words(width: int, row: EditRow, words_font: QFont) -> tuple[str, str]:
    """What a row of some width in pixels says. The name comes first: words give way to it, to a third of the row."""
    mono, plain = QFontMetrics(small_mono()), QFontMetrics(words_font)
    name = pretty_name(row.name)
    needed = mono.horizontalAdvance(name) + _PAD
    room = max(width - needed, min(width // 3, plain.horizontalAdvance(row.words)))
    words = plain.elidedText(row.words, Qt.TextElideMode.ElideMiddle, room)
    left = width - plain.horizontalAdvance(words) - _PAD
    return mono.elidedText(name, Qt.TextElideMode.ElideMiddle, left), words


class _RowDelegate(QStyledItemDelegate):
    """Name in mono, words in grey, a cross at the right."""

    hot_cross = -1  # the row whose cross the pointer is on

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, QFontMetrics(small_mono()).height() + 10)

    @staticmethod
    def cross_rect(row: QRect) -> QRect:
        return QRect(row.right() - row.height() + 1, row.top(), row.height(), row.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row = index.data(_ROW)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        cross = self.cross_rect(rect)
        words_font: QFont = option.font  # type: ignore[attr-defined]
        name, words = name_and_words(rect.width() - cross.width() - 2, row, words_font)
        self._write(painter, rect, 0, name, small_mono(), "selection" if selected else "text")
        left = cross.left() - 2 - QFontMetrics(words_font).horizontalAdvance(words)
        self._write(painter, rect, left - rect.left(), words, words_font, "muted")
        side = rect.height() * 0.6
        glyph = QRectF(0, 0, side, side)
        glyph.moveCenter(QRectF(cross).center())
        draw_icon(painter, "cross", glyph, "text" if hovered and index.row() == self.hot_cross else "muted")
        painter.restore()

    @staticmethod
    def _write(painter: QPainter, row: QRect, left: int, text: str, font: QFont, color: str) -> None:
        painter.setFont(font)
        painter.setPen(current().color(color))
        painter.drawText(row.adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)


class _Rows(QListWidget):
    """As high as its rows, up to a limit."""

    cross_clicked = Signal(int)
    row_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _RowDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Edits")
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setStyleSheet("QListWidget { background: transparent; border: none; border-radius: 0; }")
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        row = self.sizeHintForRow(0) if self.count() else 0
        return QSize(160, row * min(self.count(), _MOST_ROWS) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def cross_rect(self, row: int) -> QRect:
        """Where a row's cross is, in the viewport."""
        return self._delegate.cross_rect(self.visualItemRect(self.item(row)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        row = self.indexAt(point).row()
        self._set_hot(row if row >= 0 and self.cross_rect(row).contains(point) else -1)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hot(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        row = self.indexAt(point).row()
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            if self.cross_rect(row).contains(point):
                self.cross_clicked.emit(row)
                return
            super().mousePressEvent(event)
            self.row_clicked.emit(row)
            return
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentRow()
        if row >= 0 and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.cross_clicked.emit(row)
        elif row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.row_clicked.emit(row)
        else:
            super().keyPressEvent(event)

    def _set_hot(self, row: int) -> None:
        if row != self._delegate.hot_cross:
            self._delegate.hot_cross = row
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor)
            self.viewport().update()


class EditsList(QWidget):
    """All edits. A cross, or Delete, restores one."""

    restore_requested = Signal(int)  # key
    edit_selected = Signal(int)  # key
    reset_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits: tuple[EditRow, ...] = ()
        self.heading = explained_heading("Edits", "edit")
        self.reset = LinkButton("Reset all")
        self.reset.setToolTip("Restore every edge and node")
        self.reset.clicked.connect(self.reset_requested)
        self.rows = _Rows()
        self.rows.cross_clicked.connect(lambda row: self.restore_requested.emit(self._edits[row].key))
        self.rows.row_clicked.connect(lambda row: self.edit_selected.emit(self._edits[row].key))
        self.empty = wrapped(NO_EDITS)

        header = QHBoxLayout()
        header.addWidget(self.heading, 1)
        header.addWidget(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.rows)
        layout.addWidget(self.empty)
        self.set_edits(())

    def set_edits(self, edits: Sequence[EditRow]) -> None:
        kept = self._edits[self.rows.currentRow()].key if self.rows.currentRow() >= 0 else None
        self._edits = tuple(edits)
        self.rows.clear()
        for edit in edits:
            item = QListWidgetItem()
            item.setData(_ROW, edit)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{pretty_name(edit.name)}, {edit.words}")
            item.setToolTip(plain_tip(f"{pretty_name(edit.name)}: {edit.words}\nDelete or × restores it"))
            self.rows.addItem(item)
            if edit.key == kept:
                self.rows.setCurrentItem(item)
        self.heading.setText(f"Edits  {len(edits)}" if edits else "Edits")
        self.reset.setVisible(bool(edits))
        self.rows.setVisible(bool(edits))
        self.empty.setVisible(not edits)
        self.rows.updateGeometry()

    def row_texts(self) -> list[str]:
        """What the rows say."""
        return [f"{pretty_name(edit.name)} {edit.words}" for edit in self._edits]
