"""The find field: a slim bar over the top of the canvas, with what it has found below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from views.panels.find.data import Hit
from views.theme import SPACE, as_card, current
from views.widgets.line_icons import IconButton
from views.widgets.text import plain_tip, small_mono, wrapped

WIDEST = 460  # pixels
_MOST_ROWS = 9
_TYPING = 80  # milliseconds after a key before one looks
_HIT = Qt.ItemDataRole.UserRole
_KEYS_FOR_THE_LIST = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)

_Index = QModelIndex | QPersistentModelIndex


class _HitDelegate(QStyledItemDelegate):
    """The name in mono, the detail at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, QFontMetrics(small_mono()).height() + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        hit: Hit = index.data(_HIT)
        theme = current()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("chosen" if state & QStyle.StateFlag.State_Selected else "hover"))
            painter.drawRoundedRect(rect, 4, 4)
        inner = rect.adjusted(8, 0, -8, 0)
        font = option.font  # type: ignore[attr-defined]
        metrics, mono = QFontMetrics(font), small_mono()
        detail = metrics.elidedText(hit.detail, Qt.TextElideMode.ElideRight, inner.width() // 2)
        painter.setFont(font)
        painter.setPen(theme.color("muted"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, detail)
        room = inner.width() - metrics.horizontalAdvance(detail) - 12
        name = QFontMetrics(mono).elidedText(hit.name, Qt.TextElideMode.ElideMiddle, room)
        painter.setFont(mono)
        painter.setPen(theme.color("text"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()


class FindBar(QFrame):
    """Lies on top of another widget. The keys stay in the field: Up and Down walk through what was found, Enter goes
    there, Esc closes."""

    looked_for = Signal(str)
    chosen = Signal(object)  # Hit
    closed = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        as_card(self)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies below is not meant
        self.setAccessibleName("Find")
        self.field = QLineEdit()
        self.field.setAccessibleName("Find nodes, edges and tokens")
        self.field.setToolTip("Up and Down choose, Enter goes there, Esc closes")
        self.field.installEventFilter(self)
        self.close_button = IconButton("cross", "Close")
        self.close_button.setToolTip("Close (Esc)")
        self.close_button.clicked.connect(self.close_bar)
        self.summary = wrapped()  # examples of what can be typed are read whole
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.list = QListWidget()
        self.list.setItemDelegate(_HitDelegate(self.list))
        self.list.setAccessibleName("Found")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet("QListWidget { background: transparent; border: none; }")
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field has the keys
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: self.chosen.emit(item.data(_HIT)))
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self._look)
        self.field.textChanged.connect(lambda _: self._typing.start())
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self.field, 1)
        row.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.summary)
        layout.addWidget(self.list)
        over.installEventFilter(self)
        self.hide()

    # ---- opening and closing ---------------------------------------------------------------------------------

    def open_bar(self, hint: str) -> None:
        """Show it, with the field ready to be typed over."""
        self.field.setPlaceholderText(hint)
        self.show()
        self.raise_()
        self._place()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        self._look()

    def close_bar(self) -> None:
        self._typing.stop()
        self.hide()
        self.closed.emit()

    def is_looking(self) -> bool:
        """Whether what is typed has not been looked for yet."""
        return self._typing.isActive()

    # ---- showing ---------------------------------------------------------------------------------------------

    def show_hits(self, hits: Sequence[Hit], words: str) -> None:
        """What was found, and a line about it."""
        self.summary.setText(words)
        if list(hits) == self.hits() and self.list.isVisible() == bool(hits):
            self._place()
            return  # another answer that changes nothing
        before = self.current_hit()
        self.list.clear()
        for hit in hits:
            item = QListWidgetItem(f"{hit.spoken or hit.name}, {hit.detail}")
            item.setData(_HIT, hit)
            item.setToolTip(plain_tip(f"{hit.name}  ·  {hit.spoken + '  ·  ' if hit.spoken else ''}{hit.detail}"))
            self.list.addItem(item)
        same = [row for row, hit in enumerate(hits) if before is not None and hit.name == before.name]
        self.list.setCurrentRow(same[0] if same else 0)
        self.list.setVisible(bool(hits))
        self._place()

    def text(self) -> str:
        return self.field.text()

    def hits(self) -> list[Hit]:
        return [self.list.item(row).data(_HIT) for row in range(self.list.count())]

    def current_hit(self) -> Hit | None:
        item = self.list.currentItem()
        return None if item is None else item.data(_HIT)

    def _place(self) -> None:
        """At the top of what it lies on, as high as it needs."""
        over = self.parentWidget()
        width = min(WIDEST, over.width() - 2 * SPACE)
        rows = min(self.list.count(), _MOST_ROWS)
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 2 if rows else 0)
        self.setFixedWidth(width)
        self.layout().invalidate()  # type: ignore[union-attr]  # the words may be others
        self.setFixedHeight(min(self.layout().totalHeightForWidth(width), over.height() - 2 * SPACE))  # type: ignore[union-attr]
        self.move((over.width() - width) // 2, SPACE)

    # ---- keys --------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self._typing.stop()
        self.looked_for.emit(self.field.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parentWidget() and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.close_bar()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._typing.isActive():
                self._look()
            hit = self.current_hit()
            if hit is not None:
                self.chosen.emit(hit)
        elif key in _KEYS_FOR_THE_LIST:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -_MOST_ROWS}.get(Qt.Key(key), _MOST_ROWS)
            row = self.list.currentRow() + step
            self.list.setCurrentRow(max(0, min(row, self.list.count() - 1)))
        else:
            return False
        return True
