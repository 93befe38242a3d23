"""Positions picked on the cards: tokens, or a brushed region of patches. Edits made meanwhile are there only."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.services.actions import Action
from app.workbench.workbench import Workbench
from core.project.region_operations import region_of
from views.panels.inputs.panel import InputsPanel

SHOWN = 4  # tokens that are named one by one


class PickedPositionsController(QObject):
    """Between the cards, which count tokens or patches, and the workbench, which counts positions of the stream."""

    def __init__(self, workbench: Workbench, panel: InputsPanel) -> None:
        super().__init__(panel)
        self._workbench, self._panel = workbench, panel
        panel.picked_changed.connect(self.pick)
        workbench.positions_changed.connect(lambda _positions: self.show())
        workbench.cards_changed.connect(lambda _a, _b: self.show())

    @property
    def _prefix(self) -> int:
        """Positions before the first patch."""
        opened = self._workbench.opened
        return 0 if opened is None or opened.is_text else opened.prefix

    def pick(self, indices: tuple[int, ...]) -> None:
        """Tokens, or patches by rows, that the user has picked; those that A does not have are left out."""
        ready = self._workbench.ready
        length = 0 if ready is None else len(ready.labels)
        positions = tuple(index + self._prefix for index in indices)
        self._workbench.set_positions(tuple(place for place in positions if place < length))
        self.show()

    def clear(self) -> None:
        self._workbench.set_positions(())

    def show(self) -> None:
        places = self._workbench.positions
        indices = [place - self._prefix for place in places if place >= self._prefix]
        self._panel.set_picked(indices, self._words(places) if places else "")

    def _words(self, places: tuple[int, ...]) -> str:
        ready, opened = self._workbench.ready, self._workbench.opened
        if ready is None or opened is None:
            return ""
        if not opened.is_text:
            region = region_of(self._workbench.document, places)
            tokens = [ready.labels[place] for place in places if place < opened.prefix]
            patches = len(places) - len(tokens)
            shown = tokens if len(tokens) <= SHOWN else [f"{len(tokens)} tokens"]
            counted = [f"{patches} patch{'es' * (patches != 1)}"] if patches else []
            what = (
                f"{region.name}, {counted[0]}," if region is not None and counted else " and ".join([*shown, *counted])
            )
            return f"{what} picked: new edits are there only"
        names = [f"“{ready.labels[place].strip()}”" for place in places if place < len(ready.labels)]
        shown = ", ".join(names) if len(names) <= SHOWN else f"{len(names)} tokens"
        return f"{shown} picked: new edits are there only"


def why_no_picks(workbench: Workbench) -> str:
    return "" if workbench.positions else "Click a token, or brush a region"


PICK_NONE = Action(
    "pick_none",
    "Pick No To&kens",
    ("Ctrl+Shift+A",),
    "New edits apply everywhere again",
    why_not=why_no_picks,
    run=lambda made: made.positions.clear(),
)
