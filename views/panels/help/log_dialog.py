"""The log viewer: what happened lately, by how serious it is; to copy, to save, and the folder of the log file."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE, keep_font, mono_font
from views.widgets.text import ElidedLabel

NOTHING = "No such messages yet."


class LogView(QDialog):
    """Shows text; whoever owns it fills it when the level changes or something happens."""

    level_changed = Signal(int)  # index into the levels
    save_requested = Signal()
    folder_requested = Signal()

    def __init__(self, levels: Sequence[str], place: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Log")
        self.level = QComboBox()
        self.level.addItems(list(levels))
        self.level.setAccessibleName("What is listed")
        self.level.setToolTip("What is listed")
        self.level.currentIndexChanged.connect(self.level_changed)
        label = QLabel("&Show")
        label.setBuddy(self.level)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Log")
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(NOTHING)
        keep_font(self.text, mono_font)
        self.place = ElidedLabel(place, "muted")
        self.copy = self._button("&Copy", "Copy what is marked, or all that is listed", self._copy)
        self.save = self._button("&Save…", "Save what is listed as a text file", self.save_requested.emit)
        self.folder = self._button("Open &Folder", "The folder of the log file", self.folder_requested.emit)
        self.close_button = self._button("C&lose", "Close the log (Esc)", self.reject)
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(label)
        top.addWidget(self.level)
        top.addWidget(self.place, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        for button in (self.copy, self.save, self.folder):
            bottom.addWidget(button)
        bottom.addStretch(1)
        bottom.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addWidget(self.text, 1)
        column.addLayout(bottom)
        self.resize(840, 520)

    def _button(self, words: str, tip: str, slot) -> QPushButton:  # type: ignore[no-untyped-def]
        button = QPushButton(words)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        button.clicked.connect(lambda: slot())
        return button

    def set_text(self, text: str) -> None:
        """All that is listed; the newest is in sight."""
        self.text.setPlainText(text)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def add(self, text: str) -> None:
        """One more at the end; what is read further up stays in sight."""
        self.text.appendPlainText(text)

    def _copy(self) -> None:
        marked = self.text.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(marked or self.text.toPlainText())
