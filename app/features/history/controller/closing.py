"""Closing the window: a history with steps in it is not thrown away without a question."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from app.services.settings import Settings
from app.workbench.workbench import Workbench

WHERE = (
    "There are no project files yet, so the history goes with the window. File > Export writes the figure and the "
    "circuit, Edit > Dataset the rows."
)


class ClosingController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._window = workbench, settings, window
        self.asks = False  # there is somebody to ask
        self._sure = False
        self._box: QMessageBox | None = None

    def may_close(self) -> bool:
        """Whether the window can close at once. Else the user is asked, and the window closes after a yes."""
        steps = sum(not step.opens for step, _ in self._workbench.history.steps())
        wanted = self._settings.preferences().asks_before_closing
        if self._sure or not (self.asks and steps and wanted):
            return True
        if self._box is None:
            self._ask(steps)
        else:
            self._box.raise_()
            self._box.activateWindow()
        return False

    def _ask(self, steps: int) -> None:
        words = f"Close and lose {steps:,} steps of work?" if steps > 1 else "Close and lose a step of work?"
        self._box = box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", words, parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(WHERE)
        close = box.addButton("&Close", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("&Keep Working", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        again = QCheckBox("&Do not ask again")
        box.setCheckBox(again)
        box.finished.connect(lambda _: self._take(box.clickedButton() is close, again.isChecked()))
        box.open()

    def _take(self, sure: bool, never_again: bool) -> None:
        self._box = None
        settings = self._settings
        if never_again:
            settings.set_preferences(replace(settings.preferences(), asks_before_closing=False))
        if sure:
            self._sure = True
            self._window.close()

    def at_once(self) -> None:
        """Close without a question: somebody has asked for it in the terminal."""
        self._sure = True
        self._window.close()
