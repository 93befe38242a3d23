"""The field in which a prompt is typed, as high as its text."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

_STAYS_OPEN = (
    Qt.FocusReason.PopupFocusReason,  # the context menu
    Qt.FocusReason.MenuBarFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,  # another window, perhaps to copy from
)


class PromptEdit(QPlainTextEdit):
    """Enter, Ctrl+Enter and leaving the field commit; Shift+Enter starts a line; Esc gives up."""

    committed = Signal(str)
    cancelled = Signal()

    def __init__(self, placeholder: str, most_lines: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = most_lines
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # the card takes drops, files as well as text
        self.viewport().setAcceptDrops(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._fit)
        self._fit()

    def set_invitation(self, words: str) -> None:
        """What is to be read while nothing is typed."""
        self.setPlaceholderText(words)
        self._fit()

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
        if event.reason() not in _STAYS_OPEN and self.isVisible():
            self.committed.emit(self.toPlainText())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(220, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.minimumHeight())

    def _fit(self) -> None:
        lines = 0
        block = self.document().begin()
        while block.isValid() and lines < self._most_lines:
            layout = block.layout()
            lines += max(1, layout.lineCount() if layout is not None else 1)
            block = block.next()
        if self.document().isEmpty():  # what invites to type is read whole
            room = QRect(0, 0, max(self.viewport().width() - 6, 1), 10_000)
            invitation = self.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, self.placeholderText())
            lines = round(invitation.height() / self.fontMetrics().lineSpacing())
        lines = min(max(lines, 1), self._most_lines)
        self.setFixedHeight(round(lines * self.fontMetrics().lineSpacing()) + 16)
