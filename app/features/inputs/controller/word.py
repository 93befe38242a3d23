"""The dialog of a word that is printed on a picture, joined to the workbench."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.features.inputs.controller.counterfactual import CounterfactualController
from app.features.inputs.controller.making_reasons import why_no_picture
from app.messages.replies import ModelReply
from app.services.actions import Action
from app.workbench.workbench import Workbench
from core.inputs.corruption_kinds import PLACES, WORD_SIZE
from views.panels.inputs.word_dialog import PrintedWord, WordDialog


class WordController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, making: CounterfactualController, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._making, self._window = workbench, making, window
        self.dialog: WordDialog | None = None
        workbench.positions_changed.connect(lambda _positions: self._show_region())
        workbench.model_opened.connect(self._fit_model)
        making.refused.connect(self._show_problem)
        making.made.connect(lambda: self._show_problem(""))

    def show(self) -> None:
        """Open the dialog, or bring it to the front with what is written in it."""
        if self.dialog is None:
            self.dialog = WordDialog(PLACES, WORD_SIZE, self._window)
            self.dialog.wanted.connect(self.take)
        self._show_region()
        self._show_problem("")
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.word.setFocus()

    def take(self, word: PrintedWord) -> None:
        """Ask for a B, or an A, with this word."""
        how = {"size": word.size, "place": word.place, "sticker": word.sticker, "on_a": word.on_a}
        self._making.make("word", text=word.text, **how)

    def _show_region(self) -> None:
        if self.dialog is not None:
            self.dialog.show_region(bool(self._workbench.positions))

    def _show_problem(self, words: str) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.show_problem(words)

    def _fit_model(self, opened: ModelReply) -> None:
        if self.dialog is not None and opened.is_text:
            self.dialog.close()


MAKE_WORD = Action(
    "make_word",
    "Make B: Print a &Word…",
    (),
    "A word on A, as a sticker or plain: does the model read or see?",
    why_not=why_no_picture,
    run=lambda made: made.word.show(),
)
