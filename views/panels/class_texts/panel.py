"""What CLIP or SigLIP tells apart: the user's texts, a line each, and the sentences that they are put into."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLayout, QPlainTextEdit, QPushButton, QWidget

from views.widgets.form_dialog import FormDialog
from views.widgets.text import wrapped

ABOUT = "One text a line. The model tells which of them fits a picture best."
ABOUT_TEMPLATES = "Each text is put where {} is. With several sentences, their mean counts."


class ClassTextsDialog(FormDialog):
    """Emits the lines of both fields when they are to be used; stays open, so that the predictions are seen beside."""

    wanted = Signal(object, object)  # classes, templates: lists of texts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Class texts", parent)
        self.classes, self.templates = _field("Classes"), _field("Sentences")
        self.use = QPushButton("&Use These")
        self.use.setToolTip("The picture is judged by these texts")
        parts: list[QWidget | QLayout] = []
        for words, field, about in (
            ("&Classes", self.classes, ABOUT),
            ("&Sentences", self.templates, ABOUT_TEMPLATES),
        ):
            label = QLabel(words)
            label.setBuddy(field)
            field.setAccessibleDescription(about)
            parts += [label, field, wrapped(about)]
        column = self.lay_out(parts, self.use, self._tell)
        column.setStretchFactor(self.classes, 3)
        column.setStretchFactor(self.templates, 1)
        self.resize(420, 480)

    def show_texts(self, classes: Sequence[str], templates: Sequence[str]) -> None:
        """Emits nothing."""
        self.classes.setPlainText("\n".join(classes))
        self.templates.setPlainText("\n".join(templates))
        self.show_problem("")

    def _tell(self) -> None:
        self.wanted.emit(_lines(self.classes), _lines(self.templates))


def _field(name: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setAccessibleName(name)
    field.setTabChangesFocus(True)
    return field


def _lines(field: QPlainTextEdit) -> list[str]:
    return [line.strip() for line in field.toPlainText().split("\n") if line.strip()]
