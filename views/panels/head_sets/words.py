"""What a comparison says, what it does not show, and how it was made: a page to scroll."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.studies.set_values import StudyShown
from views.widgets.text import wrapped


class WordsPage(QScrollArea):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("The comparison in words")
        self._shown: StudyShown | None = None

    def show_study(self, shown: StudyShown) -> None:
        if shown == self._shown:
            return
        self._shown = shown
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(4)
        for title, lines in (
            (shown.title, ()),
            ("What it says", shown.findings),
            ("What it does not show", shown.limits),
            ("How it was made", shown.about),
        ):
            layout.addWidget(wrapped(title, "heading"))
            for words in lines:
                label = wrapped(words, "")
                label.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # so that a screen reader comes by
                layout.addWidget(label)
        layout.addStretch(1)
        self.setWidget(body)

    def texts(self) -> list[str]:
        """What it says, from above."""
        return [label.text() for label in self.findChildren(QLabel)]
