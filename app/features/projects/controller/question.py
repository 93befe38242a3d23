"""The question before work that is not saved would go: save it, do not, or stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from app.services.settings import Settings

WHAT = "Saving keeps the model's name, the inputs, the whole history with its figures, and the circuits."
Answer = Literal["save", "drop", "stay"]
Change = Literal["other", "over", "stay"]


class Question(QObject):
    """At most one is on the screen. take: what is done with the answer; not called while the user thinks."""

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._window = settings, window
        self._box: QMessageBox | None = None

    @property
    def wanted(self) -> bool:
        """Whether the user wants to be asked."""
        return self._settings.preferences().asks_before_closing

    def ask(self, words: str, take: Callable[[Answer], None]) -> None:
        """Ask, or bring the question that is there to the front."""
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
            return
        self._box = box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", words, parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(WHAT)
        save = box.addButton("&Save", QMessageBox.ButtonRole.AcceptRole)
        drop = box.addButton("&Don't Save", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("&Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.setEscapeButton(stay)
        never = QCheckBox("Do not &ask again: always keep my work")
        never.setToolTip("Into its file where it has one, else for the next start. Edit > Preferences asks again.")
        box.setCheckBox(never)
        answers: dict[object, Answer] = {save: "save", drop: "drop", stay: "stay"}
        box.finished.connect(lambda _: self._take(answers.get(box.clickedButton(), "stay"), never.isChecked(), take))
        box.open()

    def ask_about_change(self, name: str, take: Callable[[Change], None]) -> None:
        """Ask what to do where a project's file was changed by somebody else since it was opened or saved."""
        words = f"{name} was changed by another program, or by somebody else, since it was opened here."
        box = QMessageBox(QMessageBox.Icon.Warning, "Wirescope", words, parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText("Saving over it would lose what was changed there.")
        other = box.addButton("Save &As…", QMessageBox.ButtonRole.AcceptRole)
        over = box.addButton("Save &Over It", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("&Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(other)
        box.setEscapeButton(stay)
        answers: dict[object, Change] = {other: "other", over: "over", stay: "stay"}
        box.finished.connect(lambda _: take(answers.get(box.clickedButton(), "stay")))
        box.open()

    def _take(self, answer: Answer, never_again: bool, take: Callable[[Answer], None]) -> None:
        self._box = None
        if never_again and answer == "save":
            settings = self._settings
            settings.set_preferences(replace(settings.preferences(), asks_before_closing=False))
        take(answer)
