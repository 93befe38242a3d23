"""The history: its steps as a list with rails, each with the metric that its run gave.

A click, or Enter, goes to a step. The step under the pointer is previewed elsewhere, and so is the one that the arrow
keys are on; the preview ends when the pointer or the focus leaves.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QVBoxLayout, QWidget

from views.panels.history.data import StepRow
from views.panels.history.rows import StepDelegate, StepModel
from views.theme import as_card
from views.widgets.note_editor import NoteEditor

_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StepList(QListView):
    """The steps. Rows are counted from the top."""

    go_requested = Signal(int)
    copy_requested = Signal(int)
    copy_way_requested = Signal(int)
    joined_requested = Signal(int, int)  # of the steps that a row stands for, the one at a place
    note_requested = Signal(int)
    looked_at = Signal(int)  # the row to preview; -1 for none

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepModel(self)
        self.setModel(self.steps)
        self._delegate = StepDelegate(self)
        self.setItemDelegate(self._delegate)
        self._looked_at = -1
        self.setAccessibleName("History")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QListView { background: transparent; border: none; border-radius: 0; }")
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look(-1))

    def set_rows(self, rows: Sequence[StepRow]) -> None:
        moved = len(rows) != self.steps.rowCount()
        present = self.steps.present
        self.steps.set_rows(rows)
        if moved or self.steps.present != present:
            self._look(-1)
            self._rest()

    def _rest(self) -> None:
        """Back to the present step, where the keys start from."""
        index = self.steps.index(self.steps.present)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def _look(self, row: int) -> None:
        if row != self._looked_at:
            self._looked_at = row
            self._delegate.hot = row
            self.looked_at.emit(row)
            self.viewport().update()

    # ---- the mouse ----

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look(self.indexAt(event.position().toPoint()).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._look(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.indexAt(event.position().toPoint()).row()
        self._delegate.by_keys = False
        super().mousePressEvent(event)
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.go_requested.emit(row)

    # ---- the keys ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._delegate.by_keys = True
        row = self.currentIndex().row()
        if event.key() in _ENTER and row >= 0:
            self.go_requested.emit(row)
        elif event.key() == Qt.Key.Key_Escape and self._looked_at >= 0:
            self._look(-1)
            self._rest()
        elif event.matches(QKeySequence.StandardKey.Copy) and row >= 0:
            self.copy_requested.emit(row)
        else:
            super().keyPressEvent(event)
            if event.key() in _MOVES:
                self._look(self.currentIndex().row())

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._delegate.by_keys = event.reason() != Qt.FocusReason.MouseFocusReason
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._look(-1)

    def ask_for_note(self) -> None:
        """On the step that the keys are on."""
        row = self.currentIndex().row()
        if row >= 0:
            self.note_requested.emit(row)

    # ---- the menu ----

    def make_menu(self, row: int) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        go = menu.addAction("Go Here")
        go.triggered.connect(lambda: self.go_requested.emit(row))
        go.setEnabled(row != self.steps.present)
        joined = self.steps.row(row).joined
        if joined:
            among = menu.addMenu("Go to One of These")
            for place, words in enumerate(joined):
                among.addAction(words).triggered.connect(
                    lambda _checked=False, place=place: self.joined_requested.emit(row, place)
                )
        menu.addSeparator()
        menu.addAction("Note…").triggered.connect(lambda: self.note_requested.emit(row))
        menu.addAction("Copy the Words").triggered.connect(lambda: self.copy_requested.emit(row))
        menu.addAction("Copy All Steps to Here").triggered.connect(lambda: self.copy_way_requested.emit(row))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.isValid():
            at = event.globalPos() if by_mouse else self._below(index)
            self.make_menu(index.row()).popup(at)

    def _below(self, index: QModelIndex) -> QPoint:
        return self.viewport().mapToGlobal(self.visualRect(index).bottomLeft() + QPoint(20, 0))

    def sizeHint(self) -> QSize:
        return QSize(200, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 60)


class HistoryPanel(QFrame):
    """The dock's panel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.list = StepList()
        self.note = NoteEditor()
        self.note.left.connect(lambda: self.list.setFocus(Qt.FocusReason.ShortcutFocusReason))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.note)
        self.setFocusProxy(self.list)

    def set_rows(self, rows: Sequence[StepRow]) -> None:
        """All steps, top down; one is the present one."""
        self.list.set_rows(rows)
