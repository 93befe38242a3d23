"""The dock *Logit Lens*: asks for the map of the present state while it is seen, and exports it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.features.lens_map.presenter import note_of, title_of
from app.features.lens_map.queries import LensMapQuery, LensMapReply
from app.messages.request import QueryRefusal
from app.services.figure_export import export_figure
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.edits import Target
from core.formatting import left_words
from core.graph import Node
from core.pictures.heat_map import MOST
from core.pictures.lens_map import lens_picture
from core.project.document import Document
from views.figures.svg_figure import SvgFigure
from views.panels.lens_map.data import LensMapData
from views.panels.lens_map.panel import LensMapPanel

KEY = "lens map"
LENSES = "Tuned lenses (*.pt *.safetensors *.bin)"


class LensMapController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: LensMapPanel, panels: Panels, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels, self._settings = workbench, panel, panels, settings
        self._lens, self._answer, self._seen = "", "", False
        self._reply: tuple[LensMapReply, Document] | None = None  # and what it is of
        self._problem = ""
        panel.file_wanted.connect(self._choose_lens)
        panel.files_dropped.connect(self._take_dropped)
        panel.file_unwanted.connect(lambda: self.take_lens(""))
        panel.answer_wanted.connect(self._take_answer)
        panel.stage_chosen.connect(self._select)
        panel.export_wanted.connect(self.export)
        panel.seen.connect(self._take_seen)
        workbench.on(LensMapReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.model_opened.connect(lambda _: self._forget())
        workbench.document_changed.connect(self._follow)
        workbench.positions_changed.connect(lambda _: self._show())
        for changed in (workbench.nothing_to_show, workbench.predictions_changed):
            changed.connect(lambda *_: self._ask())
        self._show()

    def open(self) -> None:
        """Bring the panel."""
        self._panels.bring("lens_map")
        self._panel.grid.setFocus()

    # ---- what is asked ----

    def _ask(self) -> None:
        able = self._seen and not why_no_map(self._workbench)
        self._workbench.set_query(KEY, LensMapQuery(self._lens) if able else None)

    def _take_seen(self, seen: bool) -> None:
        self._seen = seen
        self._ask()
        self._show()

    def _choose_lens(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._panel, "Choose a tuned lens", self._settings.folder(), LENSES)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.take_lens(path)

    def _take_dropped(self, paths: list[str]) -> None:
        self.take_lens(str(paths[0]))
        if paths[1:]:
            self._workbench.message.emit(left_words(paths[1:], "The stream is read through one lens."))

    def take_lens(self, path: str) -> None:
        """Read the stream through a tuned lens; none: as it is."""
        self._lens, self._problem = path, ""
        self._ask()
        self._show()

    def _take_answer(self, answer: str) -> None:
        self._answer = answer
        self._show()

    def _forget(self) -> None:
        """Of another model, which a tuned lens is not for."""
        self._reply, self._problem, self._lens, self._answer = None, "", "", ""
        self._ask()
        self._show()

    def _follow(self, before: Document, after: Document) -> None:
        if before.inputs != after.inputs:
            self._reply, self._problem = None, ""
        self._ask()
        self._show()

    def _select(self, stage: str) -> None:
        """What has written last before a stage: the embedding, the heads of a layer, an MLP."""
        opened = self._workbench.opened
        if opened is None:
            return
        if stage.startswith("a"):
            layer = int(stage[1:])
            heads: tuple[Target, ...] = tuple(Node("head", layer, head) for head in range(opened.graph.heads))
            self._workbench.select(heads)
        else:
            self._workbench.select((Node("input") if stage == "input" else Node("mlp", int(stage[1:])),))

    # ---- what comes ----

    def _take(self, reply: LensMapReply) -> None:
        if reply.query == LensMapQuery(self._lens):
            self._reply, self._problem = (reply, self._workbench.document), reply.problem
            self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, LensMapQuery):
            self._reply, self._problem = None, refusal.words
            self._show()

    # ---- what leaves ----

    def export(self, ending: str) -> None:
        """Ask for a file and write the map as a figure, or as a table."""
        if self._reply is None:
            return
        reply, place = self._reply[0], self._place(self._reply[0])
        values = reply.best if place < 0 else reply.probabilities[:, :, place]

        def write(path: Path) -> None:
            title = title_of(reply, place)
            picture = lens_picture(reply.stages, reply.positions, values, reply.labels, title, MOST)
            SvgFigure(picture.svg, title).write(path)

        export_figure(
            self._panel,
            self._workbench,
            self._settings,
            title="Export the logit lens",
            name="logit-lens",
            ending=ending,
            write=write,
            table=lambda: reply.table,
        )

    def _place(self, reply: LensMapReply) -> int:
        """Of the answer that the colours are of; -1 for the likeliest of each cell."""
        return reply.answers.index(self._answer) if self._answer in reply.answers else -1

    # ---- what is shown ----

    def _asked(self, length: int) -> int:
        """The position to look at: the last of the selected ones, else the last one, where the answer is read."""
        there = [position for position in self._workbench.positions if position < length]
        return there[-1] if there else length - 1

    def _show(self) -> None:
        why = why_no_map(self._workbench)
        if self._reply is None or why:
            problem = "" if why else self._problem
            self._panel.set_data(LensMapData(problem=problem, why_not=why, asked_lens=bool(self._lens)))
            return
        reply, document = self._reply
        stale = not reply.query.holds(document, self._workbench.document)
        place = self._place(reply)
        self._panel.set_data(
            LensMapData(
                reply.stages,
                reply.positions,
                reply.labels,
                reply.best,
                reply.best if place < 0 else reply.probabilities[:, :, place],
                reply.answers,
                "" if place < 0 else self._answer,
                note_of(reply, place, stale),
                asked_lens=bool(self._lens),
                asked=self._asked(len(reply.positions)),
                problem=self._problem,
                stale=stale,
            )
        )


def why_no_map(workbench: Workbench) -> str:
    """Why there is no text to map."""
    if workbench.opened is None:
        return "Open a model that reads text first"
    if not workbench.opened.is_text:
        return "Over a picture an answer is mapped patch by patch: take Edit > Map an Answer over the Picture"
    if not workbench.opened.has_head:
        return f"{workbench.opened.title} has no unembedding, so there are no words to read its stream in"
    return "" if workbench.ready is not None else "Type a prompt on card A first"
