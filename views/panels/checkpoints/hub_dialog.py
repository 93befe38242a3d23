"""Which revisions of a model on the Hub are the steps of its training."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE
from views.widgets.text import show_text, wrapped

ABOUT = (
    "Some trainings keep their checkpoints on the Hugging Face Hub as revisions: branches or tags that have the step "
    "in their names. Each is loaded when the slider comes to it, and kept by the Hub's own cache from then on."
)


class HubDialog(QDialog):
    """Emits what was written and closes; `show_problem` opens it again with what was wrong."""

    wanted = Signal(str, str)  # the id, and the revisions with commas between

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open checkpoints from the Hub")
        self.name, self.revisions = QLineEdit(), QLineEdit()
        self.name.setAccessibleName("Model")
        self.name.setPlaceholderText("EleutherAI/pythia-70m")
        self.revisions.setAccessibleName("Revisions")
        self.revisions.setPlaceholderText("step512, step1000, step143000")
        self.problem = wrapped(role="warning")
        self.open = QPushButton("&Open")
        self.open.setDefault(True)
        self.open.setToolTip("Load the last of these revisions, and go through the others by the slider (Enter)")
        self.open.clicked.connect(self._tell)
        close = QPushButton("C&ancel")
        close.setAutoDefault(False)
        close.setToolTip("Close this window (Esc)")
        close.clicked.connect(self.reject)
        form = QFormLayout()
        form.setSpacing(SPACE)
        form.addRow("&Model", self.name)
        form.addRow("&Revisions", self.revisions)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.open)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addWidget(wrapped(ABOUT))
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        self.setMinimumWidth(440)
        self.show_problem("")

    def show_problem(self, words: str) -> None:
        """Why these are no series; empty for nothing."""
        show_text(self.problem, words)
        self.adjustSize()
        if words:
            self.show()

    def _tell(self) -> None:
        self.accept()
        self.wanted.emit(self.name.text(), self.revisions.text())
