"""The dock *Minimal Patch*: the set grows as edits of the canvas, one step of the history."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.features.flip import presenter
from app.features.flip.queries import LOOKING, FlipGrown, FlipQuery, FlipReply
from app.messages.request import QueryRefusal, RequestDone
from app.services.panels import Panels
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.edits import Edit
from core.evaluation.patched_set import Grown, MinimalPatch
from core.groups import Region
from core.project.document import Document
from views.panels.flip.data import FlipData
from views.panels.flip.panel import FlipPanel

CHANGED = "Stopped: the model, the inputs or the edits were changed."
LOST = "The search came to nothing: the model cannot be run as it stands. Look at card A."


class FlipController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: FlipPanel, panels: Panels) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._search: OneShot[FlipQuery] = OneShot(workbench, "minimal patch")
        self._running: FlipQuery | None = None
        self._told: list[Grown] = []
        self._outcome: tuple[MinimalPatch, Document] | None = None  # with the document that it is of
        self._of: tuple[Region, ...] = ()  # regions that the last search was to choose from
        self._problem = ""
        self._share: float | None = None
        self._taking = False  # a step of the search's own
        panel.find_wanted.connect(self.start)
        panel.cancel_wanted.connect(workbench.cancel)
        panel.copy_wanted.connect(self.copy)
        panel.parts_chosen.connect(lambda targets: workbench.select(tuple(dict.fromkeys(targets))))
        workbench.on(FlipGrown, self._take_grown)
        workbench.on(FlipReply, self._take_reply)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.on(RequestDone, self._take_end)
        workbench.given_up.connect(lambda _: self._stop(presenter.cancelled_words(self._told)))
        workbench.working.connect(self._take_progress)
        workbench.document_changed.connect(self._follow)
        for changed in (workbench.model_opened, workbench.cards_changed, workbench.metric_changed):
            changed.connect(lambda *_: self._show())
        self._show()

    # ---- the search ----

    def open(self) -> None:
        """Bring the panel, and the keys to it."""
        self._panels.bring("flip")
        self._panel.find.setFocus()

    def start(self, key: str) -> None:
        """Begin. key: of what the set is to be made of."""
        workbench = self._workbench
        if workbench.history.locked:
            workbench.say_locked()
            return
        standing = tuple(edit for edit in workbench.document.edits if not workbench.usable().waits(edit))
        workbench.history.seal()
        self._told, self._outcome, self._problem, self._share = [], None, "", None
        self._search.ask(presenter.query_of(key, standing, self._regions()))
        self._running = self._search.asked
        self._of = () if self._running is None else self._running.regions
        self._show()

    def _regions(self) -> tuple[Region, ...]:
        """That have a name and lie in the picture."""
        workbench = self._workbench
        if workbench.opened is None or workbench.opened.is_text or not workbench.labels:
            return ()
        count = len(workbench.labels)
        return tuple(region for region in workbench.document.regions if max(region.positions) < count)

    def _stop(self, problem: str) -> None:
        if self._running is None:
            return
        self._running, self._problem = None, problem
        self._search.drop()
        self._workbench.history.seal()
        self._show()

    def _follow(self, before: Document, after: Document) -> None:
        """Another document than the search has made is not what was asked about."""
        if self._running is not None and not self._taking:
            kept = self._running.holds(before, after) and before.edits == after.edits
            if not kept:
                self._stop(CHANGED)
        self._show()

    def _take_progress(self, words: str, share: float | None) -> None:
        if self._running is not None and words == LOOKING and share != self._share:
            self._share = share
            self._show()

    def _take_grown(self, reply: FlipGrown) -> None:
        if reply.query == self._search.asked:
            self._told.append(reply.grown)
            self._patch(reply.grown.edits, reply.query)
            self._show()

    def _take_reply(self, reply: FlipReply) -> None:
        if not self._search.ends(reply.query):
            return
        self._running = None
        self._patch(tuple(reply.patch.edits), reply.query)
        self._workbench.history.seal()
        self._outcome = reply.patch, self._workbench.document
        self._workbench.message.emit(reply.patch.words)
        self._show()

    def _patch(self, edits: tuple[Edit, ...], query: FlipQuery) -> None:
        """Have the document's edits be those that stood, and these: one step, however often it grows."""
        workbench = self._workbench
        if not edits and workbench.document.edits == query.standing:
            return
        document = workbench.document
        for edit in [each for each in document.edits if each not in query.standing]:
            document = document.without_edit(edit.target, edit.positions or ())  # type: ignore[arg-type]
        for edit in edits:
            document = document.with_edit(edit)
        self._taking = True
        try:
            workbench.commit(presenter.step_words(edits), document, f"minimal patch {query.serial}")
        finally:
            self._taking = False

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, FlipQuery) and self._search.ends(refusal.query):
            self._running, self._problem = None, refusal.words
            self._workbench.message.emit(refusal.words)
            self._show()

    def _take_end(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._running is not None and not self._workbench.busy and self._search.asked is not None:
            self._stop(LOST)

    # ---- what is shown ----

    def copy(self) -> None:
        """The table as text."""
        data = self._panel.data()
        QGuiApplication.clipboard().setText(presenter.as_text(data.rows, data.headline, data.detail))
        self._workbench.message.emit("Copied.")

    def _show(self) -> None:
        workbench, opened = self._workbench, self._workbench.opened
        data = FlipData(
            choices=presenter.choices(opened is None or opened.is_text, self._regions()),
            problem=self._problem,
            why_not=why_not(workbench),
            running=self._running is not None,
            share=self._share,
        )
        prefix = None if opened is None or opened.is_text else opened.prefix
        names = presenter.Names(workbench.labels, prefix, self._of)
        if self._outcome is not None and workbench.labels:
            patch, document = self._outcome
            stale = document.edits != workbench.document.edits or document.inputs != workbench.document.inputs
            if document.inputs != workbench.document.inputs:
                self._outcome = None  # parts of other inputs have no names here
            else:
                rows, detail = presenter.patch_rows(patch, names), presenter.detail_words(patch, stale)
                data = replace(data, rows=rows, headline=patch.words, detail=detail, stale=stale)
        elif self._told and self._running is not None:
            rows = presenter.growing_rows(self._told, names)
            data = replace(data, rows=rows, headline=presenter.growing_words(self._told[-1]))
        if data != self._panel.data():
            self._panel.set_data(data)


def why_not(workbench: Workbench) -> str:
    """Why there is no answer to turn."""
    if workbench.opened is None or workbench.ready is None:
        return "Open a model and give it an input first"
    if not workbench.opened.has_head:
        return f"{workbench.opened.title} gives an embedding, so there is no answer to turn"
    if workbench.document.counterfactual is None:
        return "The values to patch come from B: fill card B first"
    if not workbench.ready.has_counterfactual:
        return "B cannot stand beside A: look at card B"
    return ""
