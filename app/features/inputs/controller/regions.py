"""Regions of the picture in A: what positions are called, picked by a click, named in place."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.inputs.queries import ArtefactsQuery, ArtefactsReply
from app.messages.replies import ModelReply
from app.services.actions import Action
from app.workbench.workbench import Workbench
from core.errors import InputError
from core.inputs.regions import PATCHES, REGISTERS, named_tokens
from core.project.region_operations import forget_region, name_region, region_of
from views.panels.inputs.panel import InputsPanel

ARTEFACTS = "artefacts"
ARTEFACTS_TIP = "Patches of outlying norm: large models use them as notes, and what was seen there is lost"
TOKEN_TIPS = {
    "CLS": "The class token, a position that is no patch",
    REGISTERS: "All register tokens",
    ARTEFACTS: ARTEFACTS_TIP,
}


class RegionsController(QObject):
    """Between the row of names, the document's regions and the positions that are picked."""

    def __init__(self, workbench: Workbench, panel: InputsPanel) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._row = workbench, panel, panel.regions
        self._row.chosen.connect(self.pick)
        self._row.named.connect(self.name)
        self._row.forgotten.connect(self.forget)
        workbench.positions_changed.connect(lambda _positions: self.show())
        workbench.cards_changed.connect(lambda _a, _b: self.show())
        workbench.history_changed.connect(self.show)
        self._artefacts: tuple[int, ...] = ()
        workbench.on(ArtefactsReply, self._take)
        workbench.model_opened.connect(self._ask)

    def _ask(self, opened: ModelReply) -> None:
        """Pictures alone have patches."""
        self._artefacts = ()
        self._workbench.set_query(ARTEFACTS, None if opened.is_text else ArtefactsQuery())

    def _take(self, reply: ArtefactsReply) -> None:
        self._artefacts = reply.positions
        self.show()

    def names(self) -> dict[str, tuple[int, ...]]:
        """Positions by what they are called; none where A is no picture."""
        opened, ready = self._workbench.opened, self._workbench.ready
        if opened is None or ready is None or opened.is_text:
            return {}
        tokens = {name: rows[0] for name, rows in named_tokens(ready.labels, opened.prefix, 1).items()}
        length = len(ready.labels)
        regions = {
            region.name: region.positions
            for region in self._workbench.document.regions
            if all(position < length for position in region.positions)
        }
        single = {name: places for name, places in tokens.items() if name in (*TOKEN_TIPS, "DIST")}
        outlying = {ARTEFACTS: self._artefacts} if self._artefacts and max(self._artefacts) < length else {}
        return {**single, **outlying, **regions}

    def pick(self, name: str, adds: bool) -> None:
        """Pick what is called so. adds: beside what is picked."""
        places = set(self.names().get(name, ()))
        picked = set(self._workbench.positions) if adds else set()
        self._workbench.set_positions(tuple(sorted(picked | places)))

    def name(self, name: str) -> None:
        """Give what is picked a name; what cannot be one is said."""
        workbench, opened, ready = self._workbench, self._workbench.opened, self._workbench.ready
        if opened is None or ready is None or why_no_region(workbench):
            return
        taken = [*named_tokens(ready.labels, opened.prefix, 1), ARTEFACTS]
        try:
            workbench.take(name_region(workbench.document, workbench.positions, name, taken))
        except InputError as error:
            self._row.show_problem(str(error))

    def forget(self) -> None:
        """Take the name of what is picked away."""
        self._workbench.take(forget_region(self._workbench.document, self._workbench.positions))

    def ask_name(self) -> None:
        """Put the cursor where a name is written."""
        self._row.field.setFocus()
        self._row.field.selectAll()

    def show(self) -> None:
        workbench = self._workbench
        region = region_of(workbench.document, workbench.positions) if workbench.positions else None
        known = self.names()
        names = [(name, TOKEN_TIPS.get(name) or _tip(places)) for name, places in known.items()]
        prefix = 0 if workbench.opened is None else workbench.opened.prefix
        self._panel.card_a.picture.set_crossed([place - prefix for place in known.get(ARTEFACTS, ())])
        self._row.show_names(names, "" if region is None else region.name, not why_no_region(workbench))


def _tip(places: tuple[int, ...]) -> str:
    count = len(places)
    return f"Pick these {count} {PATCHES if count != 1 else 'patch'}; Shift adds them"


def why_no_region(workbench: Workbench) -> str:
    """Why what is picked cannot have a name."""
    opened = workbench.opened
    if opened is None or opened.is_text or workbench.ready is None:
        return "Open a vision model, with a picture in A"
    patches = [place for place in workbench.positions if place >= opened.prefix]
    return "" if patches and len(patches) == len(workbench.positions) else "Brush patches of the picture first"


NAME_REGION = Action(
    "name_region",
    "Name the Picked Region",
    (),
    "Give the picked patches a name: a click on it picks them again, and they count as one",
    why_not=why_no_region,
    run=lambda made: made.regions.ask_name(),
)
