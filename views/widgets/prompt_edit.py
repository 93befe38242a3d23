"""The field in which a prompt is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from views.widgets.growing_edit import STAYS_OPEN, GrowingEdit


class PromptEdit(GrowingEdit):
    """Enter, Ctrl+Enter and leaving the field commit; Shift+Enter starts a line; Esc gives up."""

    committed = Signal(str)
    cancelled = Signal()

    def __init__(self, placeholder: str, most_lines: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(placeholder, most_lines, parent)
        self.setAcceptDrops(False)  # the card takes drops, files as well as text
        self.viewport().setAcceptDrops(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.insertPlainText("\n")
            else:
                self.committed.emit(self.toPlainText())
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in STAYS_OPEN and self.isVisible():
            self.committed.emit(self.toPlainText())
