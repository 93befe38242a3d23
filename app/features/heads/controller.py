"""The dock *Heads*: all heads are measured when somebody asks, and selected here and on the canvas alike."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.heads.presenter import scores as presenter
from app.features.heads.presenter.evidence import evidence_of
from app.features.heads.queries import MEASURING, HeadScores, HeadsFileQuery, HeadsFileReply, HeadsQuery, HeadsReply
from app.messages.request import QueryRefusal, RequestDone
from app.presenters.head_needs import why_no_heads
from app.services.panels import Panels
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.edits import Target
from core.graph import Node
from views.panels.heads.data import EvidenceData, HeadsData
from views.panels.heads.panel import HeadsPanel

STOPPED = "Stopped. What was measured so far is kept: measuring goes on from there."
NO_SCORES = "No score of any head is a number: look whether the weights are."
WAITS = "Measuring goes on as soon as the model can be run: look at card A."


class HeadsController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: HeadsPanel, panels: Panels) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._asking: OneShot[HeadsQuery] = OneShot(workbench, "heads")
        self._reading: OneShot[HeadsFileQuery] = OneShot(workbench, "heads of a file")
        self._seen = False
        self._wanted: tuple[object, ...] = ()  # the weights whose heads are to be measured
        self._vectors = False  # whether they are to be scored over few-shot tasks too
        self._of: tuple[object, ...] = ()  # the weights that what is shown is of
        self._looked = False  # whether what is kept of them was asked for, or a file is shown in its place
        self._scores: HeadScores | None = None
        self._file, self._note = "", ""  # that these are of; empty for the bundled corpus; and what is to be said of it
        self._axes = ("", "")
        self._kind = ""  # of the evidence; empty for the head's own
        self._evidence: tuple[object, EvidenceData | None] = (None, None)  # what it is of, and it
        self._share: float | None = None
        self._problem = ""
        panel.measure_wanted.connect(self.measure)
        panel.vectors_wanted.connect(lambda: self.measure(vectors=True))
        panel.cancel_wanted.connect(workbench.cancel)
        panel.axes_wanted.connect(self._take_axes)
        panel.heads_chosen.connect(self._select)
        panel.kind_wanted.connect(self._take_kind)
        panel.seen.connect(self._take_seen)
        workbench.heads_wanted.connect(self.open_file)
        workbench.on(HeadsReply, self._take)
        workbench.on(HeadsFileReply, self._take_file)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.on(RequestDone, lambda _: self._show())
        workbench.given_up.connect(lambda _: self._give_up())
        workbench.working.connect(self._take_progress)
        workbench.selection_changed.connect(lambda _: self._take_selection())
        for changed in (workbench.model_opened, workbench.metric_changed, workbench.document_changed):
            changed.connect(lambda *_: self._follow())
        self._show()

    def open(self) -> None:
        """Bring the panel, and the keys to it."""
        self._panels.bring("heads")
        self._panel.measure.setFocus()

    def open_file(self, path: str) -> None:
        """Show what was measured over a corpus of its own, in the place of the bundled one."""
        self._panels.bring("heads")
        self._asking.drop()
        self._wanted, self._looked, self._problem = (), True, ""
        self._reading.ask(HeadsFileQuery(path))

    # ---- asking ----

    def measure(self, vectors: bool = False) -> None:
        """Test every head; what was measured before is read. vectors: also score them over few-shot tasks."""
        if why := why_not(self._workbench):
            self._workbench.message.emit(why)
            return
        self._problem, self._share, self._wanted = "", None, self._weights()
        self._vectors = vectors
        self._asking.ask(HeadsQuery(vectors=vectors))
        self._show()

    def _take_seen(self, seen: bool) -> None:
        self._seen = seen
        self._follow()

    def _weights(self) -> tuple[object, ...]:
        return HeadsQuery().depends_on(self._workbench.document)

    @property
    def _measuring(self) -> bool:
        return bool(self._wanted) and self._wanted == self._weights()

    def _follow(self) -> None:
        """Other weights have other heads; those that were measured before are shown at once, if anybody looks. What is
        being measured goes along with every request until it is there, whatever is edited meanwhile."""
        weights = self._weights()
        if weights != self._of:
            self._of, self._looked, self._scores = weights, False, None
            self._problem, self._kind, self._file, self._note = "", "", "", ""
            self._reading.drop()
            self._asking.drop()
        opened = self._workbench.opened
        there = opened is not None and opened.name == self._workbench.document.model
        if there and not why_not(self._workbench) and self._asking.asked is None:
            if self._measuring:  # the model was left, and is here again
                self._asking.ask(HeadsQuery(vectors=self._vectors))
            elif self._seen and not self._looked:
                self._looked = True
                self._asking.ask(HeadsQuery(kept=True))
        self._show()

    def _give_up(self) -> None:
        if self._measuring:
            self._problem = STOPPED
        else:
            self._look_again()
        self._wanted = ()
        self._show()

    def _look_again(self) -> None:
        """A file that was to be shown is not: where nothing else is, what is kept is looked for."""
        self._looked = self._scores is not None

    # ---- what comes ----

    def _take(self, reply: HeadsReply) -> None:
        if not self._asking.ends(reply.query):
            return
        self._looked = True
        if not reply.query.kept:
            self._wanted = ()
        if reply.scores is not None:
            keys = self._take_scores(reply.scores)
            if reply.query.vectors and presenter.VECTORS in keys:  # what was asked for is shown
                self._axes = self._axes[0], presenter.VECTORS
        self._show()

    def _take_file(self, reply: HeadsFileReply) -> None:
        if self._reading.ends(reply.query):
            keys = self._take_scores(reply.scores, reply.query.path, reply.note)
            over = [key for key in keys if key.endswith(f"/{presenter.CORPUS}")]
            if over:  # what is of this file alone is shown first; a lone test beside itself on the made inputs
                beside = over[1:] or [key for key in keys if key == presenter.on_made(over[0])] or over
                self._axes = over[0], beside[0]
            self._show()

    def _take_scores(self, scores: HeadScores, file: str = "", note: str = "") -> list[str]:
        """Gives the keys of what the axes can show."""
        self._scores, self._file, self._note, self._kind = scores, file, note, ""
        keys = [choice.key for choice in presenter.choices(scores)]
        if not keys:  # weights that are no numbers
            self._scores, self._problem = None, NO_SCORES
        elif not set(self._axes) <= set(keys):
            self._axes = keys[0], keys[min(1, len(keys) - 1)]
        return keys

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, HeadsFileQuery) and self._reading.ends(refusal.query):
            self._problem = refusal.words
            self._look_again()
            self._follow()
        if isinstance(refusal.query, HeadsQuery) and self._asking.ends(refusal.query):
            self._wanted, self._problem = (), refusal.words
            self._show()

    def _take_progress(self, words: str, share: float | None) -> None:
        if self._measuring and words == MEASURING and share != self._share:
            self._share = share
            self._show()

    # ---- what the user does ----

    def _take_axes(self, across: str, up: str) -> None:
        self._axes = across, up
        self._show()

    def _take_kind(self, kind: str) -> None:
        self._kind = kind
        self._show()

    def _select(self, names: list[str]) -> None:
        opened = self._workbench.opened
        if opened is not None:
            self._workbench.select(tuple(opened.graph.parse(name) for name in names))

    def _take_selection(self) -> None:
        self._kind = ""
        self._show()

    def _chosen(self) -> tuple[str, ...]:
        """The heads that are selected."""
        targets: tuple[Target, ...] = self._workbench.selection
        return tuple(each.name for each in targets if isinstance(each, Node) and each.kind == "head")

    # ---- what is shown ----

    def _show(self) -> None:
        scores, opened = self._scores, self._workbench.opened
        if scores is None:
            data = HeadsData()
        else:
            across, up = self._axes
            chosen = self._chosen()
            data = HeadsData(
                choices=presenter.choices(scores),
                across=across,
                up=up,
                rows=presenter.rows(scores, across, up),
                kinds=tuple(test.name for test in scores.tests),
                chosen=chosen,
                headline=presenter.headline(scores),
                source=presenter.source_words(scores, self._file),
                can_vectors=not self._file and scores.vectors is None and opened is not None and opened.is_text,
                vectors=presenter.vector_words(scores),
                words=presenter.head_words(scores, chosen),
                evidence=self._evidence_of(scores, chosen),
            )
        waits = WAITS if self._measuring and not self._workbench.busy else ""
        data = data.at(
            why_not=why_not(self._workbench),
            running=self._measuring,
            share=self._share,
            problem=self._problem or waits or self._note,
        )
        if data != self._panel.data():
            self._panel.set_data(data)

    def _evidence_of(self, scores: HeadScores, chosen: tuple[str, ...]) -> EvidenceData | None:
        """Made anew only where it is another's."""
        key = scores, chosen, self._kind
        if self._evidence[0] != key:
            self._evidence = key, evidence_of(scores, chosen, self._kind)
        return self._evidence[1]


def why_not(workbench: Workbench) -> str:
    """Why no heads can be measured."""
    opened = workbench.opened
    if opened is None or workbench.ready is None:
        return "Open a model and give it an input first"
    return why_no_heads(opened)
