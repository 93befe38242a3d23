"""The dock *Record*: what was done, as the lines of Python that do the same, as they come."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE, as_card, keep_font, mono_font
from views.widgets.text import ElidedLabel

NOTHING = "Open a model: what you do then stands here as Python that does the same."


class CodePanel(QFrame):
    """Shows a script; lines that are added to it come into sight."""

    shown = Signal()  # it is looked at again, and wants lines
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Record")
        self.setMinimumSize(240, 120)
        self.words = ElidedLabel("", "muted")
        self.copy = QPushButton("&Copy")
        self.copy.setToolTip("Copy the whole script: it prints the figures of each step")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit())
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(NOTHING)
        self.text.setAccessibleName("The steps as Python")
        keep_font(self.text, mono_font)
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(self.words, 1)
        top.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addWidget(self.text, 1)
        self.set_lines("", 0)

    def set_lines(self, script: str, steps: int) -> None:
        """Show a script of so many steps, with its end in sight."""
        self.text.setPlaceholderText(NOTHING)
        self.copy.setEnabled(bool(script))
        lines = script.count("\n")
        words = "" if not script else f"{steps} step{'s' * (steps != 1)}, {lines} lines of Python"
        self.words.setText(words)
        self.text.setAccessibleDescription(words or NOTHING)
        if script.rstrip("\n") == self.text.toPlainText():
            return
        self.text.setPlainText(script.rstrip("\n"))
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.moveCursor(QTextCursor.MoveOperation.StartOfLine)

    def set_problem(self, words: str) -> None:
        """Say why there is no script."""
        self.set_lines("", 0)
        self.text.setPlaceholderText(words)
        self.text.setAccessibleDescription(words)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
