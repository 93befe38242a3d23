"""The dialog of a study of modalities: which models of either kind, how many pairs, inputs and edges, and the
folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QWidget

from views.panels.jobs.data import ModalitiesAsked, ModelChoice
from views.panels.jobs.queue_dialog import QueueDialog, label_of, number_box, push_button

USUAL = ModalitiesAsked()
MOST = 1_000
SEED_TIP = "The same seed draws the same pairs, inputs and random edges"
MODELS_TIP = "Bundled models, packs, folders or Hub ids, with commas between them"


class ModalitiesDialog(QueueDialog):
    model_folder_wanted = Signal(bool)  # whether of a model that sees

    def __init__(self, title: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(title, about, USUAL.seed, SEED_TIP, parent)
        self.text, self.image = _names_line("Models of text"), _names_line("Models that see")
        self.add_text, self.add_image = _menu_button("Add a model of text"), _menu_button("Add a model that sees")
        self.pairs = number_box(2, MOST, USUAL.pairs, "Of a task: to score edges on, and as many others to judge on")
        self.inputs = number_box(2, MOST, USUAL.inputs, "On which attention is read, of all tasks of a model")
        self.edges = number_box(3, MOST, USUAL.edges, "Of each pair: the largest estimates, whose effect is measured")
        above = (
            (label_of("Models of &text", self.text), self.text, self.add_text),
            (label_of("&Models that see", self.image), self.image, self.add_image),
        )
        numbers = ("&Pairs to score on", self.pairs), ("&Inputs for attention", self.inputs)
        self.lay_out(above, (*numbers, ("&Edges measured a pair", self.edges)))

    def set_choices(self, text: Sequence[ModelChoice], image: Sequence[ModelChoice]) -> None:
        """Models that are here."""
        for button, choices, sees in ((self.add_text, text, False), (self.add_image, image, True)):
            menu = button.menu()
            menu.clear()
            for each in choices:
                menu.addAction(each.title, partial(self.add_model, sees, each.name))
            menu.addSeparator()
            menu.addAction("A Folder…", partial(self.model_folder_wanted.emit, sees))

    def set_models(self, asked: ModalitiesAsked) -> None:
        self.text.setText(", ".join(asked.text))
        self.image.setText(", ".join(asked.image))

    def add_model(self, sees: bool, name: str) -> None:
        """Behind those that are named."""
        line = self.image if sees else self.text
        line.setText(", ".join(dict.fromkeys((*_names(line), name))))

    def asked(self) -> ModalitiesAsked:
        return ModalitiesAsked(
            _names(self.text),
            _names(self.image),
            self.pairs.value(),
            self.inputs.value(),
            self.edges.value(),
            self.seed.value(),
            self.workers.value(),
            self.folder.text().strip(),
        )


def _names_line(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setToolTip(MODELS_TIP)
    return line


def _names(line: QLineEdit) -> tuple[str, ...]:
    return tuple(name for part in line.text().split(",") if (name := part.strip()))


def _menu_button(tip: str) -> QPushButton:
    button = push_button("Add", tip, lambda: None)
    button.setAccessibleName(tip)
    button.setMenu(QMenu(button))
    return button
