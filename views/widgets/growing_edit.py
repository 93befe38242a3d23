"""A field of several lines, as high as its text."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

# Where the keys go without leaving a field.
STAYS_OPEN = (
    Qt.FocusReason.PopupFocusReason,  # the context menu
    Qt.FocusReason.MenuBarFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,  # another window, perhaps to copy from
)


class GrowingEdit(QPlainTextEdit):
    """Of one line while it is empty, and its invitation short; of `most_lines` at most."""

    def __init__(self, placeholder: str, most_lines: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = most_lines
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self.fit)
        self.fit()

    def set_invitation(self, words: str) -> None:
        """What is to be read while nothing is typed."""
        self.setPlaceholderText(words)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def sizeHint(self) -> QSize:
        return QSize(220, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.minimumHeight())

    def fit(self) -> None:
        """As high as the text."""
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
