"""The repaired model as a folder: asked for, written, told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.features.repair.queries import ExportRepairQuery, ExportRepairReply, KeptRepair
from app.messages.request import QueryRefusal
from app.presenters.homes import at_place, on_place
from app.services.saved_folder import is_taken, name_new_folder, tell_saved
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.project.step_names import folder_words

WEIGHTS = "The cuts are in its weights: it opens as any checkpoint does."
HOOKS = (
    "Its weights are the original's. They cannot hold cuts of edges, so the file edited_model.py beside them puts the "
    "cuts in. README.md there says how to open it, and what was proved."
)


class Writer(QObject):
    """Of one window."""

    said = Signal(str, str)  # what came of it, or what is wrong

    def __init__(self, workbench: Workbench, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._window = workbench, settings, window
        self._writing: OneShot[ExportRepairQuery] = OneShot(workbench, "repaired model")
        workbench.on(ExportRepairReply, self._take_written)
        workbench.on(QueryRefusal, self._take_refusal)

    def export(self, made: KeptRepair) -> None:
        """Ask for a folder's name and have the repaired model written there."""
        opened = self._workbench.opened
        if opened is None:
            return
        proposed, place = f"{folder_words(opened.name)}-repaired", self._workbench.homes.place
        chosen = name_new_folder("repaired model", proposed, self._settings, place, self._window)
        if not chosen:
            return
        folder = Path(chosen)
        if is_taken(folder, place):
            self.said.emit("", f"{folder.name} is there already. Name a folder that is not: nothing is written over.")
            return
        self.said.emit(f"Writing {folder.name}{on_place(place)} …", "")
        self._writing.ask(ExportRepairQuery(folder=chosen, made=made))

    def _take_written(self, reply: ExportRepairReply) -> None:
        if not self._writing.ends(reply.query):
            return
        folder, place = Path(reply.query.folder), self._workbench.homes.place
        self.said.emit(f"The repaired model is in {folder}{on_place(place)}.", "")
        more = WEIGHTS if reply.form == "weights" else HOOKS
        tell_saved("repaired model", folder, more, self._workbench.message.emit, self._window, place)

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._writing.ends(refusal.query):
            self.said.emit("", at_place(self._workbench.homes.place, refusal.words))
