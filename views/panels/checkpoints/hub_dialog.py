"""Which revisions of a model on the Hub are the steps of its training."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from views.theme import SPACE
from views.widgets.form_dialog import FormDialog
from views.widgets.text import wrapped

ABOUT = (
    "Some trainings keep their checkpoints on the Hugging Face Hub as revisions: branches or tags that have the step "
    "in their names. Each is loaded when the slider comes to it, and kept by the Hub's own cache from then on."
)


class HubDialog(FormDialog):
    """Emits what was written and closes; `show_problem` opens it again with what was wrong."""

    wanted = Signal(str, str)  # the id, and the revisions with commas between

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Open checkpoints from the Hub", parent)
        self.name, self.revisions = QLineEdit(), QLineEdit()
        self.name.setAccessibleName("Model")
        self.name.setPlaceholderText("EleutherAI/pythia-70m")
        self.revisions.setAccessibleName("Revisions")
        self.revisions.setPlaceholderText("step512, step1000, step143000")
        self.open = QPushButton("&Open")
        self.open.setToolTip("Load the last of these revisions, and go through the others by the slider (Enter)")
        form = QFormLayout()
        form.setSpacing(SPACE)
        form.addRow("&Model", self.name)
        form.addRow("&Revisions", self.revisions)
        self.setMinimumWidth(440)
        self.lay_out([wrapped(ABOUT), form], self.open, self._tell, "C&ancel")

    def show_problem(self, words: str) -> None:
        """Why these are no series; empty for nothing."""
        super().show_problem(words)
        self.adjustSize()
        if words:
            self.show()

    def _tell(self) -> None:
        self.accept()
        self.wanted.emit(self.name.text(), self.revisions.text())
