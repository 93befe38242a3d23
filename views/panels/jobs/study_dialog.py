"""The dialog of a study of head sets: which sets, how many prompts, pieces and draws, and the folder."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from views.panels.head_sets.data import ABLATION_TIP, ABLATIONS, FIRST_TIP, NONE, RANKINGS, SECOND_TIP
from views.panels.jobs.data import StudyAsked
from views.panels.jobs.queue_dialog import QueueDialog, label_of, number_box, push_button

USUAL = StudyAsked()
MOST_PROMPTS, MOST_PIECES, MOST_DRAWS = 1_000, 1_000, 1_000
SEED_TIP = "The same seed draws the same prompts, tokens and controls"


class StudyDialog(QueueDialog):
    text_wanted = Signal()

    def __init__(self, title: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(title, about, USUAL.seed, SEED_TIP, parent)
        self.first, self.second, self.kind = QComboBox(), QComboBox(), QComboBox()
        for box, name, tip in (
            (self.first, "First set by", FIRST_TIP),
            (self.second, "Second set by", SECOND_TIP),
            (self.kind, "Ablation", ABLATION_TIP),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tip)
        for ranking in RANKINGS:
            self.first.addItem(ranking, ranking)
            self.second.addItem(ranking, ranking)
        self.second.addItem("none", NONE)
        self.first.setCurrentIndex(self.first.findData(USUAL.first))
        self.second.setCurrentIndex(self.second.findData(USUAL.second))
        for kind, words, tip in ABLATIONS:
            self.kind.addItem(words, kind)
            self.kind.setItemData(self.kind.count() - 1, tip, 3)
        self.text = QLineEdit()
        self.text.setAccessibleName("Text")
        self.text.setPlaceholderText("A file or a folder; else the bundled text")
        self.choose_text = push_button("&Choose…", "Choose a text", self.text_wanted.emit)
        self.prompts = number_box(2, MOST_PROMPTS, USUAL.prompts, "Of each few-shot task: to judge on, and to rank by")
        self.pieces = number_box(2, MOST_PIECES, USUAL.pieces, "Pieces of the text, and rows of random tokens")
        self.draws = number_box(1, MOST_DRAWS, USUAL.draws, "Of each control: random heads, and others of their layers")
        rows = ("&First set by", self.first), ("S&econd set by", self.second), ("A&blation", self.kind)
        above = [(label_of(words, field), field) for words, field in rows]
        text = label_of("&Text", self.text), self.text, self.choose_text
        numbers = (
            ("&Prompts of each task", self.prompts),
            ("P&ieces of text", self.pieces),
            ("&Draws of each control", self.draws),
        )
        self.lay_out((*above, text), numbers)

    def set_text(self, path: str) -> None:
        self.text.setText(path)

    def asked(self) -> StudyAsked:
        return StudyAsked(
            str(self.first.currentData()),
            str(self.second.currentData()),
            str(self.kind.currentData()),
            self.text.text().strip(),
            self.prompts.value(),
            self.pieces.value(),
            self.draws.value(),
            self.seed.value(),
            self.workers.value(),
            self.folder.text().strip(),
        )
