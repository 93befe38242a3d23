"""*Save the Dataset*: a table of the rows, written on this machine wherever the work is done. Token ids alone need the
model: a table of them is written where that is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.dataset.queries import SavedRowsReply, SaveRowsQuery
from app.messages.request import QueryRefusal
from app.presenters.homes import at_place, on_place
from app.services.background_jobs import Jobs
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench

FILES = (".csv", ".tsv", ".jsonl", ".ndjson")
IDS = "CSV with token ids, as EAP-IG reads it"
FILTERS = ("CSV (*.csv)", "JSON lines (*.jsonl)", "TSV (*.tsv)")


class Saver(QObject):
    """Of one window."""

    said = Signal(str, str)  # what was written, or what is wrong

    def __init__(self, workbench: Workbench, settings: Settings, jobs: Jobs, panel: QWidget) -> None:
        super().__init__(panel)
        self._workbench, self._settings, self._jobs, self._panel = workbench, settings, jobs, panel
        self._saves = OneShot[SaveRowsQuery](workbench, "dataset save")
        workbench.on(SavedRowsReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)

    def save(self) -> None:
        """Ask for a file and have the rows written there."""
        opened, place = self._workbench.opened, self._workbench.homes.place
        ids = f"{IDS}{on_place(place)} (*.csv)"
        filters = ";;".join((*FILTERS, ids) if opened is not None and opened.is_text else FILTERS)
        window, start = self._panel.window(), self._settings.folder()
        path, chosen = QFileDialog.getSaveFileName(window, "Save the dataset", start, filters)
        if not path:
            return
        self._settings.set_folder(str(Path(path).parent))
        if Path(path).suffix.lower() not in FILES:
            path += chosen[chosen.index("*") + 1 : -1] if "*" in chosen else ".csv"
        self.said.emit("", "")
        if place and chosen != ids:
            self._write_here(path)
        else:  # elsewhere nobody was asked whether a file may be written over: the dialog shows this machine
            self._saves.ask(SaveRowsQuery(path, ids=chosen == ids, replace=not place))

    def _write_here(self, path: str) -> None:
        rows = self._workbench.document.dataset

        def write() -> str:
            from app.features.dataset.handlers.save import save_table  # its package takes torch with it

            return save_table(path, rows)

        self._jobs.ask(
            write,
            lambda words: self.said.emit(words, ""),
            self,
            or_else=lambda message, hint: self.said.emit("", f"{message} {hint}".strip()),
        )

    def _take(self, saved: SavedRowsReply) -> None:
        if self._saves.ends(saved.query):
            self.said.emit(at_place(self._workbench.homes.place, saved.words), "")

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._saves.ends(refusal.query):
            self.said.emit("", at_place(self._workbench.homes.place, refusal.words))
