"""*Watch This Circuit*: the dataset's clean inputs say what is usual, each card whether its input is unlike them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.features.watching.presenter import verdict, watching
from app.features.watching.queries import ExportMonitorQuery, ExportMonitorReply, WatchQuery, WatchReply
from app.messages.request import FailureReply, QueryRefusal
from app.presenters.homes import at_place
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.saved_folder import name_new_folder, tell_saved
from app.services.settings import Settings
from app.workbench.figure import Figure
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.edits import Target
from core.graph import Node
from core.project.document import Document
from core.project.step_names import folder_words
from views.panels.inputs.panel import InputsPanel
from views.panels.watching.data import WatchingData

KEY = "watch"
WRITTEN = (
    "It is a small PyTorch module with its threshold, without the model's weights. README.md there says how it is put "
    "on the model."
)


class WatchingController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: InputsPanel,
        panels: Panels,
        settings: Settings,
        notifier: Notifier,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._settings, self._notifier, self._window = settings, notifier, window
        self._serial = 0
        self._asked: WatchQuery | None = None
        self._seen: Figure[WatchReply] | None = None
        self._writing: OneShot[ExportMonitorQuery] = OneShot(workbench, "monitor")
        panel.watching.export.clicked.connect(self.export)
        panel.watching.stop.clicked.connect(self.stop)
        workbench.on(WatchReply, self._take)
        workbench.on(ExportMonitorReply, self._take_written)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.document_changed.connect(self._follow)
        workbench.models.opening.connect(self.stop)
        workbench.given_up.connect(lambda _: self._give_up())

    def start(self) -> None:
        """Watch what is selected, else the circuit, else every node."""
        self._serial += 1
        rows = self._workbench.document.dataset
        self._asked, self._seen = WatchQuery(self._serial, parts_of(self._workbench), rows), None
        self._panels.bring("inputs")
        self._workbench.set_query(KEY, self._asked)
        self._show()

    def stop(self) -> None:
        self._asked = self._seen = None
        self._workbench.set_query(KEY, None)
        self._show()

    def export(self) -> None:
        """Ask for a folder's name and have the monitor written there."""
        opened = self._workbench.opened
        if opened is None or self._asked is None:
            return
        proposed, place = f"{folder_words(opened.name)}-monitor", self._workbench.homes.place
        chosen = name_new_folder("monitor", proposed, self._settings, place, self._window)
        if not chosen:
            return
        self._writing.ask(ExportMonitorQuery(folder=chosen, watched=self._asked))

    # ---- replies ----

    def _take(self, reply: WatchReply) -> None:
        if reply.query != self._asked:
            return
        if self._seen is None:
            self._workbench.message.emit(f"{watching(reply.query, reply).words}.")
        self._seen = Figure(reply.query, reply, self._workbench.document)
        self._show()

    def _take_written(self, reply: ExportMonitorReply) -> None:
        if not self._writing.ends(reply.query):
            return
        folder, place = Path(reply.query.folder), self._workbench.homes.place
        tell_saved("monitor", folder, WRITTEN, self._notifier.say, self._window, place)

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        watched = isinstance(refusal.query, WatchQuery) and refusal.query == self._asked
        if watched:
            self.stop()
        if watched or self._writing.ends(refusal.query):
            words = refusal.message if watched else at_place(self._workbench.homes.place, refusal.message)
            self._notifier.problem(FailureReply(0, "run", words, refusal.hint))

    def _give_up(self) -> None:
        """The user cancels; what is learnt already stays."""
        if self._asked is not None and self._seen is None:
            self.stop()

    def _follow(self, before: Document, after: Document) -> None:
        """What was learnt of another model says nothing here."""
        if before.opens != after.opens and self._asked is not None:
            self.stop()
        self._show()

    # ---- what is shown ----

    def _show(self) -> None:
        asked, figure = self._asked, self._seen
        reply = None if figure is None else figure.reply
        self._panel.watching.set_data(WatchingData() if asked is None else watching(asked, reply))
        stale = figure is not None and not figure.holds(self._workbench.document)
        for card, said in (
            (self._panel.card_a, None if reply is None else reply.a),
            (self._panel.card_b, None if reply is None else reply.b),
        ):
            card.verdict.set_verdict(verdict(said, 0 if reply is None else reply.calibrated, stale))


def parts_of(workbench: Workbench) -> tuple[Target, ...]:
    """What is to be watched: the selection, else the edges of the circuit; none for every node."""
    chosen = tuple(part for part in workbench.selection if not (isinstance(part, Node) and part.kind == "logits"))
    size, scored, opened = workbench.document.size, workbench.scored, workbench.opened
    if chosen or not size or scored is None or opened is None:
        return chosen
    return tuple(opened.graph.edge(int(index)) for index in scored.ranking.kept(size))
