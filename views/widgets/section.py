"""A section of a panel under a heading that folds it away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from core.glossary import explained
from views.widgets.buttons import LinkButton
from views.widgets.text import ElidedLabel, plain_tip


class Section(QWidget):
    """Heading, a muted hint at its right, and a body. A click on the heading folds the body away, and back.
    word: of the glossary, that the tooltip of the heading explains."""

    def __init__(self, title: str, parent: QWidget | None = None, word: str = "") -> None:
        super().__init__(parent)
        self._title, self._word = title, word
        self._open = True
        self.heading = LinkButton(title, color="text", flush=True, bold=True)
        self.heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heading.clicked.connect(lambda: self.set_open(not self._open))
        self.hint = ElidedLabel("", "muted")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # gives way first
        self.header = QHBoxLayout()
        self.header.setSpacing(6)
        self.header.addWidget(self.heading)
        self.header.addWidget(self.hint, 1)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self.header)
        layout.addWidget(self.content)
        self.set_open(True)

    def is_open(self) -> bool:
        return self._open

    def set_title(self, title: str, word: str) -> None:
        """Another heading, with the word that explains it."""
        self._title, self._word = title, word
        self.set_open(self._open)

    def set_open(self, open_: bool) -> None:
        self._open = open_
        self.content.setVisible(open_)
        self.heading.setText(f"{self._title} {'▾' if open_ else '▸'}")
        self.heading.setAccessibleName(f"{self._title}, {'open' if open_ else 'folded away'}")
        tip = "Fold this section away" if open_ else "Unfold this section"
        self.heading.setToolTip(plain_tip(explained(self._word, tip) if self._word else tip))
