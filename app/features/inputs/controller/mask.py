"""A mask, a picture file that is light where something is meant: it picks the patches that it holds, and while they are
picked, what is made of A changes to its pixels."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.features.inputs.controller.making_reasons import why_no_picture
from app.features.inputs.controller.sources import IMAGE_FILTER
from app.features.inputs.queries import MaskQuery, MaskReply
from app.messages.request import QueryRefusal
from app.services.actions import Action
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from views.panels.inputs.panel import InputsPanel

CALLED = "mask"  # in the name of a file that is one when it is dropped on a picture


class MaskController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: InputsPanel, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._settings = workbench, panel, settings
        self._held: tuple[str, tuple[int, ...]] = "", ()  # a mask, and the positions that it picked
        self._one_shot = OneShot[MaskQuery](workbench, "mask")
        workbench.on(MaskReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)

    @property
    def held(self) -> str:
        """The mask whose patches are picked; empty for none."""
        mask, positions = self._held
        return mask if positions and positions == self._workbench.positions else ""

    def takes(self, path: str) -> bool:
        """Whether a file that is dropped on A is a mask of it."""
        return CALLED in Path(path).stem.lower() and not why_no_picture(self._workbench)

    def choose(self) -> None:
        title, folder = "Open a mask: a picture that is white where A is meant", self._settings.folder()
        path, _ = QFileDialog.getOpenFileName(self._panel.window(), title, folder, IMAGE_FILTER)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.take(path)

    def take(self, path: str) -> None:
        """Pick what a mask holds."""
        self._one_shot.ask(MaskQuery(path))

    def _take(self, reply: MaskReply) -> None:
        if self._one_shot.ends(reply.query):
            self._held = reply.query.mask, reply.positions
            self._workbench.set_positions(reply.positions)

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if self._one_shot.ends(refusal.query):
            self._panel.show_problem("A", refusal.words)


PICK_MASK = Action(
    "pick_mask",
    "Pick by a Mask…",
    (),
    "Pick the patches of A where a mask, a picture of the same size, is white",
    why_not=why_no_picture,
    run=lambda made: made.masks.choose(),
)
