"""Help > Log: the viewer on the log book."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from app.messages.request import FailureReply
from app.services.log_records import LogEntry, log_book, log_folder
from app.services.notifier import Notifier
from core.errors import WirescopeError
from core.saving import save_text
from views.panels.help.log_dialog import LogView

LEVELS = (("Everything", logging.NOTSET), ("Warnings and errors", logging.WARNING), ("Errors", logging.ERROR))


class LogController(QObject):
    """One viewer for a window; it follows the log while it is open."""

    def __init__(self, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._notifier, self._window = notifier, window
        self._book = log_book()
        self.view: LogView | None = None

    def show(self) -> None:
        """Open the viewer, or bring it to the front."""
        if self.view is None:
            self.view = LogView([words for words, _ in LEVELS], str(log_folder()), self._window)
            self.view.level_changed.connect(self._fill)
            self.view.save_requested.connect(self._save)
            self.view.folder_requested.connect(self._open_folder)
            self._book.added.connect(self._add)
        if not self.view.isVisible():
            self._fill()
        self.view.show()
        self.view.raise_()
        self.view.activateWindow()

    def _level(self) -> int:
        assert self.view is not None
        return LEVELS[self.view.level.currentIndex()][1]

    def _fill(self) -> None:
        assert self.view is not None
        self.view.set_text(self._book.text(self._level()))

    def _add(self, entry: LogEntry) -> None:
        if self.view is not None and self.view.isVisible() and entry.level >= self._level():
            self.view.add(entry.text())

    def _save(self) -> None:
        assert self.view is not None
        path, _ = QFileDialog.getSaveFileName(self.view, "Save the log", "wirescope-log.txt", "Text (*.txt)")
        if path:
            try:
                save_text(Path(path), self.view.text.toPlainText() + "\n")
            except WirescopeError as error:
                self._notifier.problem(FailureReply(0, "run", f"The log is not saved. {error.message}", error.hint))

    def _open_folder(self) -> None:
        log_folder().mkdir(parents=True, exist_ok=True)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder()))):
            self._notifier.say(f"No program opens folders here. The log is in {log_folder()}")
