"""What small dialogs with a form share: what is wrong with the fields, the button that takes them, and the one beside
it that closes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from views.theme import SPACE
from views.widgets.text import show_text, wrapped


class FormDialog(QDialog):
    """A subclass makes its fields, and lays them out."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.problem = wrapped(role="warning")

    def lay_out(
        self,
        parts: Sequence[QWidget | QLayout],
        take: QPushButton,
        taken: Callable[[], None],
        close: str = "C&lose",
    ) -> QVBoxLayout:
        """Parts one below the other, then the problem, of which there is none yet, and the buttons. take: the one that
        Enter presses; taken: what is then done. close: the words of the other. Returns the column."""
        take.setDefault(True)
        take.clicked.connect(lambda: taken())
        leave = QPushButton(close)
        leave.setAutoDefault(False)
        leave.setToolTip("Close this window (Esc)")
        leave.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(take)
        buttons.addWidget(leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        for part in (*parts, self.problem, buttons):
            if isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        self.show_problem("")
        return column

    def show_problem(self, words: str) -> None:
        """Why the fields cannot be taken; empty where they can."""
        show_text(self.problem, words)
