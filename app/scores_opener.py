"""Opening a file of scores or a circuit in the window: chosen or dropped, it takes the place of a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.errands import Errands
from app.messages import Failed, Unanswered
from app.scores_wants import ReadScores, ScoresRead

if TYPE_CHECKING:
    from app.window import Window

FILTER = "Scores and circuits (*.json);;All files (*)"
MARKS = ('"wirescope scores"', '"wirescope circuit"', '"cfg"')  # near the beginning of such a file


def holds_scores(path: str) -> bool:
    """Whether a file looks like one of scores or a circuit."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            start = file.read(400)
    except (OSError, UnicodeDecodeError):
        return False
    return path.lower().endswith(".json") and any(mark in start for mark in MARKS)


class ScoresOpener(QObject):
    """Of one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window, self._bench = window, window.workbench
        self._reading: Errands[ReadScores] = Errands(self._bench, "read scores")
        self._bench.on(ScoresRead, self._take)
        self._bench.on(Unanswered, self._take_refusal)

    def choose(self) -> None:
        settings = self._window.settings
        path, _ = QFileDialog.getOpenFileName(self._window, "Open scores or a circuit", settings.folder(), FILTER)
        if path:
            settings.set_folder(str(Path(path).parent))
            self.open(path)

    def open(self, path: str) -> None:
        """Have it read; nothing changes until it is known to fit."""
        if self._bench.opened is None:
            self._refuse("Scores belong to a model, and none is open.", "Open the model that they were made for.")
            return
        self._reading.ask(ReadScores(path))

    def _take(self, read: ScoresRead) -> None:
        if not self._reading.ends(read.want):
            return
        document = self._bench.document
        changed = replace(document, traced=read.choice, replacement=read.kind, size=read.size or document.size)
        self._bench.commit(f"Open {Path(read.want.path).name}", changed)
        self._bench.message.emit(f"{read.words}. What they recover is measured here, on the pair on the cards.")

    def _take_refusal(self, refusal: Unanswered) -> None:
        if self._reading.ends(refusal.want):
            self._refuse(refusal.message, refusal.hint)

    def _refuse(self, message: str, hint: str) -> None:
        self._window.problems.show(Failed(0, "run", message, hint))
