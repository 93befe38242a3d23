"""The dock *Patch Map*: asks for maps of the present state while it is seen, and exports them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.features.patch_map.presenter import notes_of, title_of
from app.features.patch_map.queries import MapQuery, MapReply
from app.messages.request import QueryRefusal
from app.services.figure_export import export_figure
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.formatting import left_words
from core.project.document import Document
from views.panels.inputs.data import CardData
from views.panels.patch_map.data import MapData
from views.panels.patch_map.panel import PatchMapPanel

KEY = "patch map"
MASKS = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp)"


class PatchMapController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: PatchMapPanel, panels: Panels, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels, self._settings = workbench, panel, panels, settings
        self._answer, self._patch, self._mask = "", -1, ""
        self._seen = False
        self._card: CardData | None = None
        self._reply: tuple[MapReply, Document] | None = None  # and what it is of
        self._problem = ""
        panel.wanted.connect(self._take_choice)
        panel.file_wanted.connect(self._choose_mask)
        panel.files_dropped.connect(self._take_dropped)
        panel.file_unwanted.connect(lambda: self.take_mask(""))
        panel.export_wanted.connect(self.export)
        panel.seen.connect(self._take_seen)
        workbench.on(MapReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.cards_changed.connect(self._take_cards)
        workbench.model_opened.connect(lambda _: self._forget())
        workbench.document_changed.connect(self._follow)
        self._show()

    def open(self) -> None:
        """Bring the panel."""
        self._panels.bring("patch_map")
        self._panel.slider.setFocus()

    # ---- what is asked ----

    def _ask(self) -> None:
        able = self._seen and not why_no_map(self._workbench)
        query = MapQuery(self._answer, self._patch, self._mask) if able else None
        self._workbench.set_query(KEY, query)

    def _take_seen(self, seen: bool) -> None:
        self._seen = seen
        self._ask()
        self._show()

    def _take_choice(self, answer: str, patch: int) -> None:
        self._answer, self._patch = answer, patch
        self._ask()
        self._show()

    def _choose_mask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._panel, "Choose a mask", self._settings.folder(), MASKS)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.take_mask(path)

    def _take_dropped(self, paths: list[str]) -> None:
        self.take_mask(paths[0])
        if paths[1:]:
            self._workbench.message.emit(left_words(paths[1:], "A map is compared with one mask."))

    def take_mask(self, path: str) -> None:
        """Compare the maps with a mask; none: with nothing."""
        self._mask = path
        self._ask()
        if not path and self._reply is not None:
            self._problem = ""
        self._show()

    def _forget(self) -> None:
        """Of another model."""
        opened = self._workbench.opened
        self._reply, self._problem, self._answer, self._patch, self._mask = None, "", "", -1, ""
        if opened is not None and not opened.has_head:
            self._patch = 0
        self._ask()
        self._show()

    def _follow(self, before: Document, after: Document) -> None:
        if before.inputs != after.inputs:
            self._reply, self._problem = None, ""
            if before.clean != after.clean:
                self._mask = ""  # it was of the picture before
        self._ask()
        self._show()

    # ---- what comes ----

    def _take(self, reply: MapReply) -> None:
        if reply.query == MapQuery(self._answer, self._patch, self._mask):
            self._reply, self._problem = (reply, self._workbench.document), reply.problem
            if reply.problem:
                self._workbench.message.emit(reply.problem)
            self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, MapQuery):
            self._reply, self._problem = None, refusal.words
            self._show()

    def _take_cards(self, card: CardData, _b: CardData) -> None:
        self._card = card
        self._ask()
        self._show()

    # ---- what leaves ----

    def export(self, ending: str) -> None:
        """Ask for a file and write the figure that shows, or the table."""
        if self._reply is None:
            return
        reply = self._reply[0]
        export_figure(
            self._panel,
            self._workbench,
            self._settings,
            title="Export the map",
            name="patch-map",
            ending=ending,
            write=self._panel.write,
            table=lambda: reply.table,
        )

    # ---- what is shown ----

    def _show(self) -> None:
        opened, card, why = self._workbench.opened, self._card, why_no_map(self._workbench)
        answers = opened.class_names if opened is not None and opened.has_head else ()
        image, grid = (None, None) if card is None or card.kind != "image" else (card.image, card.grid)
        if self._reply is None or why:
            self._panel.set_data(
                MapData(
                    answers,
                    self._answer,
                    image,
                    grid,
                    marked=self._patch,
                    problem="" if why else self._problem,
                    why_not=why,
                )
            )
            return
        reply, document = self._reply
        stale = not reply.query.holds(document, self._workbench.document)
        self._panel.set_data(
            MapData(
                answers,
                self._answer,
                image,
                grid,
                reply.stages,
                reply.values,
                title_of(reply),
                notes_of(reply, stale),
                reply.mask,
                self._patch,
                reply.table,
                reply.warning,
                self._problem,
                stale=stale,
            )
        )


def why_no_map(workbench: Workbench) -> str:
    """Why there is no picture to map."""
    if workbench.opened is None:
        return "Open a model that sees pictures first"
    if workbench.opened.is_text:
        return f"The model “{workbench.opened.title}” reads text; this map needs one that reads pictures"
    return "" if workbench.ready is not None else "Drop a picture on card A first"
