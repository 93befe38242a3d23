"""The command palette: a field to type in and the commands that fit, over the window's upper half."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from views.panels.palette.data import PaletteRow
from views.theme import SPACE, as_card, current
from views.widgets.text import wrapped

_WIDEST = 640  # pixels
_MOST_ROWS = 12
_PAD = 10  # pixels at both ends of a row
_ROW = Qt.ItemDataRole.UserRole
NOTHING = "No command is called “{}”. Ctrl+F finds nodes, edges and tokens; ? lists the keys."


class _Rows(QStyledItemDelegate):
    """Draws a row: words, a muted place, and at the right the key or the reason."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, round(QFontMetricsF(option.font).height()) + 12)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: PaletteRow = index.data(_ROW)
        theme, box = current(), QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 5, 5)
        painter.setFont(option.font)
        metrics = QFontMetricsF(option.font)
        inner = box.adjusted(_PAD, 0, -_PAD, 0)
        right = "   ".join(filter(None, (row.effect, row.keys))) if row.enabled else row.why
        right = metrics.elidedText(right, Qt.TextElideMode.ElideRight, inner.width() * (0.45 if row.enabled else 0.6))
        painter.setPen(theme.color("muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, right)
        inner.setRight(inner.right() - metrics.horizontalAdvance(right) - 16)
        words = metrics.elidedText(("✓ " if row.chosen else "") + row.words, Qt.TextElideMode.ElideRight, inner.width())
        painter.setPen(theme.color("text" if row.enabled else "muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(words) + 12)
        if inner.width() > 30:
            painter.setPen(theme.color("muted"))
            place = metrics.elidedText(row.place, Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, place)
        painter.restore()


class Palette(QFrame):
    """Lies over its window. Up and down choose, Enter runs, Esc closes; then the focus is where it was."""

    query_changed = Signal(str)
    chosen = Signal(int)  # number of the row, one that can be done

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        as_card(self)
        self.setAccessibleName("Command palette")
        self._focus: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type a command")
        self.field.setAccessibleName("Command")
        self.field.setToolTip("Some letters of a command; Enter runs it, Esc closes")
        self.field.textEdited.connect(self.query_changed)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Commands")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setProperty("plain", True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.itemClicked.connect(lambda item: self._run(self.list.row(item)))
        self.none = wrapped("", "muted")
        self.none.setContentsMargins(_PAD, 6, _PAD, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.field)
        column.addWidget(self.none)
        column.addWidget(self.list)
        window.installEventFilter(self)
        self.hide()

    # ---- showing -------------------------------------------------------------------------------------------

    def open(self) -> None:
        self._focus = QApplication.focusWidget()
        self.field.clear()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close it; whatever had the focus has it again."""
        if self.isHidden():
            return
        self.hide()
        focus, self._focus = self._focus, None
        if focus is not None and focus.isVisible():
            focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def set_rows(self, rows: Sequence[PaletteRow]) -> None:
        self.list.clear()
        for row in rows:
            item = QListWidgetItem(row.spoken())
            item.setData(_ROW, row)
            self.list.addItem(item)
        self.list.setVisible(bool(rows))
        self.none.setText(NOTHING.format(self.field.text().strip()))
        self.none.setVisible(not rows)
        if rows:
            self.list.setCurrentRow(0)
        self._fit()

    def rows(self) -> list[PaletteRow]:
        """What is listed, from top to bottom."""
        return [self.list.item(i).data(_ROW) for i in range(self.list.count())]

    def _fit(self) -> None:
        """As high as its rows, below the window's top bar."""
        window = self.parentWidget()
        assert window is not None
        count = min(self.list.count(), _MOST_ROWS)
        row = self.list.sizeHintForRow(0) if count else 0
        room = window.height() - 6 * SPACE - self.field.sizeHint().height() - 80
        self.list.setFixedHeight(max(min(count * row + 4, room), row))
        width = min(_WIDEST + round(8 * max(self.fontMetrics().height() - 16, 0)), window.width() - 4 * SPACE)
        self.setFixedWidth(width)
        column = self.layout()
        assert column is not None
        column.activate()  # what has come or gone just now counts
        self.setFixedHeight(
            column.totalHeightForWidth(width) if column.hasHeightForWidth() else column.totalSizeHint().height()
        )
        self.move((window.width() - width) // 2, 80)

    # ---- keys ----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self.field:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._fit()
            return False
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and self.window().isActiveWindow():
            self._focus = None  # whoever took the focus keeps it
            self.dismiss()
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
            return self._take_key(event)
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        pressed, key = event.type() == QEvent.Type.KeyPress, event.key()
        page = max(self.list.height() // max(self.list.sizeHintForRow(0), 1) - 1, 1)
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: page, Qt.Key.Key_PageUp: -page}
        keys = (*steps, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        if key not in keys:
            return False
        event.accept()
        if not pressed:
            return True
        if key in steps and self.list.count():
            last, step = self.list.count() - 1, steps[Qt.Key(key)]
            row = self.list.currentRow() + step
            wraps = abs(step) == 1
            self.list.setCurrentRow((row % (last + 1)) if wraps else min(max(row, 0), last))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentRow())
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        return True

    def _run(self, number: int) -> None:
        if 0 <= number < self.list.count() and self.rows()[number].enabled:
            self.chosen.emit(number)
