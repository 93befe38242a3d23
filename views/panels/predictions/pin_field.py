"""The field in which an answer is typed that the predictions shall always show."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from core.formatting import mark_space, unmark_space


class PinField(QLineEdit):
    """Offers answers while one types. Enter, or a choice of the list, commits; Esc closes."""

    committed = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Pin an answer…")
        self.setAccessibleName("Pin an answer")
        self.setToolTip(
            "An answer to show always: one token, with its space (·), or a class. Enter pins it, Esc closes"
        )
        self.setClearButtonEnabled(True)
        self._known = QStringListModel(self)
        completer = QCompleter(self._known, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(12)
        self.setCompleter(completer)
        self._commit = QTimer(self)  # Enter in the list is told twice: by the list and by the field
        self._commit.setSingleShot(True)
        self._commit.setInterval(0)
        self._commit.timeout.connect(self._emit)
        self.returnPressed.connect(self._commit.start)
        completer.activated.connect(lambda _text: self._commit.start())

    def set_answers(self, answers: Sequence[str]) -> None:
        """What to offer."""
        self._known.setStringList([mark_space(answer) for answer in answers])

    def offered(self) -> list[str]:
        return self._known.stringList()

    def _emit(self) -> None:
        text = unmark_space(self.text())
        if text.strip():
            self.committed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.text() and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.closed.emit()
