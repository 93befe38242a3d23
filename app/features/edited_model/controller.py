"""File > Export the Edited Model: a folder that transformers or timm opens, with the edits in it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.features.edited_model.queries import EditedModelQuery, EditedModelReply
from app.messages.request import FailureReply, QueryRefusal
from app.presenters.homes import at_place
from app.services.notifier import Notifier
from app.services.saved_folder import is_taken, name_new_folder, tell_saved
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.project.step_names import folder_words

WEIGHTS = "The edits are in its weights: it opens as any checkpoint does."
HOOKS = (
    "Its weights are the original's. They cannot hold these edits, so the file edited_model.py beside them puts the "
    "edits in. README.md there says how to open it."
)
LISTED = 3  # reasons


class EditedModelController(QObject):
    """Asks for a folder's name, has it written, and says what it is."""

    def __init__(self, workbench: Workbench, settings: Settings, notifier: Notifier, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._settings, self._notifier, self._window = workbench, settings, notifier, window
        self._writing: OneShot[EditedModelQuery] = OneShot(workbench, "edited model")
        workbench.on(EditedModelReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)

    def export(self) -> None:
        opened = self._workbench.opened
        assert opened is not None
        proposed, place = f"{folder_words(opened.name)}-edited", self._workbench.homes.place
        chosen = name_new_folder("edited model", proposed, self._settings, place, self._window)
        if not chosen:
            return
        folder = Path(chosen)
        if is_taken(folder, place):
            hint = "Name a folder that is not there yet: nothing is written over."
            self._notifier.problem(FailureReply(0, "run", f"{folder.name} is there already.", hint))
            return
        self._writing.ask(EditedModelQuery(chosen, self._workbench.document.edits))

    def _take(self, reply: EditedModelReply) -> None:
        if not self._writing.ends(reply.query):
            return
        more = WEIGHTS if reply.form == "weights" else _with_reasons(reply.reasons)
        folder, place = Path(reply.query.folder), self._workbench.homes.place
        tell_saved("edited model", folder, more, self._notifier.say, self._window, place)

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._writing.ends(refusal.query):
            words = at_place(self._workbench.homes.place, refusal.message)
            self._notifier.problem(FailureReply(0, "run", words, refusal.hint))


def _with_reasons(reasons: tuple[str, ...]) -> str:
    listed = list(dict.fromkeys(reasons))
    more = [f"and {len(listed) - LISTED} more"] if len(listed) > LISTED else []
    return "\n".join([HOOKS, "", *(f"· {reason}" for reason in [*listed[:LISTED], *more])])
