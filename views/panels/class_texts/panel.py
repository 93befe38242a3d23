"""What CLIP or SigLIP tells apart: the user's texts, a line each, and the sentences that they are put into."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE
from views.widgets.text import wrapped

ABOUT = "One text a line. The model tells which of them fits a picture best."
ABOUT_TEMPLATES = "Each text is put where {} is. With several sentences, their mean counts."


class ClassTextsDialog(QDialog):
    """Emits the lines of both fields when they are to be used; stays open, so that the predictions are seen beside."""

    wanted = Signal(object, object)  # classes, templates: lists of texts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Class texts")
        self.classes, self.templates = _field("Classes"), _field("Sentences")
        self.problem = wrapped("")
        self.problem.setVisible(False)
        self.use = QPushButton("&Use These")
        self.use.setToolTip("The picture is judged by these texts")
        self.use.setDefault(True)
        self.use.clicked.connect(lambda: self.wanted.emit(_lines(self.classes), _lines(self.templates)))
        close = QPushButton("C&lose")
        close.setToolTip("Close this window (Esc)")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        for words, field, about, share in (
            ("&Classes", self.classes, ABOUT, 3),
            ("&Sentences", self.templates, ABOUT_TEMPLATES, 1),
        ):
            label = QLabel(words)
            label.setBuddy(field)
            field.setAccessibleDescription(about)
            column.addWidget(label)
            column.addWidget(field, share)
            column.addWidget(wrapped(about))
        column.addWidget(self.problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.use)
        buttons.addWidget(close)
        column.addLayout(buttons)
        self.resize(420, 480)

    def show_texts(self, classes: Sequence[str], templates: Sequence[str]) -> None:
        """Emits nothing."""
        self.classes.setPlainText("\n".join(classes))
        self.templates.setPlainText("\n".join(templates))
        self.set_problem("")

    def set_problem(self, words: str) -> None:
        """Why they cannot be used; empty for nothing."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))


def _field(name: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setAccessibleName(name)
    field.setTabChangesFocus(True)
    return field


def _lines(field: QPlainTextEdit) -> list[str]:
    return [line.strip() for line in field.toPlainText().split("\n") if line.strip()]
