"""Strips over the whole window about the project: work of last time, and why a project can only be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE, as_card
from views.widgets.line_icons import IconButton
from views.widgets.text import wrapped


class NoticeStrip(QFrame):
    """Words, and what can be done about it. chosen: the key of a button."""

    chosen = Signal(str)
    closed = Signal()
    noticed = Signal()  # it has something to say, or nothing any more

    def __init__(self, name: str, close_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName(name)
        self.words = wrapped(role="")
        self.buttons: dict[str, QPushButton] = {}
        self.close_button = IconButton("cross", f"Close: {name.lower()}", close_tip)
        self.close_button.clicked.connect(self.closed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 6, 8, 6)
        self._row.setSpacing(SPACE)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def show_notice(self, words: str, buttons: Sequence[tuple[str, str, str]], tip: str = "") -> None:
        """buttons: each its key, its words with their mnemonic, and its tooltip; the first is the likeliest. tip: of
        the words."""
        for button in self.buttons.values():
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        for place, (key, title, about) in enumerate(buttons):
            button = QPushButton(title)
            button.setToolTip(about)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._row.insertWidget(1 + place, button, 0, Qt.AlignmentFlag.AlignVCenter)
            self.buttons[key] = button
        self.words.setText(words)
        self.words.setToolTip(tip)
        self.setAccessibleDescription(words)
        self.show()
        self.noticed.emit()

    def leave(self) -> None:
        """There is nothing to say."""
        self.hide()
        self.noticed.emit()


class ProjectStrips(QWidget):
    """Both, one above the other; nothing where neither has anything to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recovery = NoticeStrip("Work of last time", "Not now: it is offered again at the next start")
        self.read_only = NoticeStrip("Why the project can only be looked at", "Close; the project stays as it is")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for strip in (self.recovery, self.read_only):
            column.addWidget(strip)
            strip.noticed.connect(self._fit)
        self.hide()

    def _fit(self) -> None:
        self.setVisible(not (self.recovery.isHidden() and self.read_only.isHidden()))
