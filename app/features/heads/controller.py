"""The dock *Heads*: all heads are measured when somebody asks, and selected here and on the canvas alike."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.features.heads import presenter
from app.features.heads.queries import MEASURING, HeadScores, HeadsQuery, HeadsReply
from app.messages.request import QueryRefusal, RequestDone
from app.services.panels import Panels
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.edits import Target
from core.graph import Node
from views.panels.heads.data import HeadsData
from views.panels.heads.panel import HeadsPanel

STOPPED = "Stopped: nothing is kept of what was measured so far."
LOST = "Nothing was measured: the model cannot be run as it stands. Look at card A."


class HeadsController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: HeadsPanel, panels: Panels) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._asking: OneShot[HeadsQuery] = OneShot(workbench, "heads")
        self._seen, self._running = False, False
        self._looked: tuple[object, ...] = ()  # the weights of which what is kept was asked for
        self._scores: HeadScores | None = None
        self._axes = ("", "")
        self._share: float | None = None
        self._problem = ""
        panel.measure_wanted.connect(self.measure)
        panel.cancel_wanted.connect(workbench.cancel)
        panel.axes_wanted.connect(self._take_axes)
        panel.heads_chosen.connect(self._select)
        panel.seen.connect(self._take_seen)
        workbench.on(HeadsReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.on(RequestDone, self._take_end)
        workbench.given_up.connect(lambda _: self._stop(STOPPED))
        workbench.working.connect(self._take_progress)
        workbench.selection_changed.connect(lambda _: self._show())
        for changed in (workbench.model_opened, workbench.metric_changed, workbench.document_changed):
            changed.connect(lambda *_: self._follow())
        self._show()

    def open(self) -> None:
        """Bring the panel, and the keys to it."""
        self._panels.bring("heads")
        self._panel.measure.setFocus()

    # ---- asking ----

    def measure(self) -> None:
        """Test every head; what was measured before is read."""
        if why := why_not(self._workbench):
            self._workbench.message.emit(why)
            return
        self._running, self._problem, self._share, self._looked = True, "", None, self._weights()
        self._asking.ask(HeadsQuery())
        self._show()

    def _take_seen(self, seen: bool) -> None:
        self._seen = seen
        self._follow()

    def _weights(self) -> tuple[object, ...]:
        return HeadsQuery().depends_on(self._workbench.document)

    def _follow(self) -> None:
        """Other weights have other heads; those that were measured before are shown at once, if anybody looks."""
        weights = self._weights()
        if self._looked and weights != self._looked:
            self._looked, self._scores, self._problem = (), None, ""
            self._running = False
            if self._asking.asked is not None:
                self._asking.drop()
        opened = self._workbench.opened
        there = opened is not None and opened.name == self._workbench.document.model
        if self._seen and there and not self._looked and not why_not(self._workbench):
            self._looked = weights
            if self._asking.asked is None:
                self._asking.ask(HeadsQuery(kept=True))
        self._show()

    def _stop(self, problem: str) -> None:
        if self._running:
            self._running, self._problem = False, problem
            self._asking.drop()
            self._show()

    # ---- what comes ----

    def _take(self, reply: HeadsReply) -> None:
        if not self._asking.ends(reply.query):
            return
        self._running, self._looked = False, self._weights()
        if reply.scores is not None:
            self._scores, self._problem = reply.scores, ""
            keys = [choice.key for choice in presenter.choices(reply.scores)]
            if not set(self._axes) <= set(keys):
                self._axes = keys[0], keys[min(1, len(keys) - 1)]
        self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, HeadsQuery) and self._asking.ends(refusal.query):
            self._running, self._problem = False, refusal.words
            self._show()

    def _take_end(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._asking.asked is not None and not self._workbench.busy:
            self._stop(LOST)

    def _take_progress(self, words: str, share: float | None) -> None:
        if self._running and words == MEASURING and share != self._share:
            self._share = share
            self._show()

    # ---- what the user does ----

    def _take_axes(self, across: str, up: str) -> None:
        self._axes = across, up
        self._show()

    def _select(self, names: list[str]) -> None:
        if self._workbench.opened is not None:
            self._workbench.select(tuple(_head(name) for name in names))

    def _chosen(self) -> tuple[str, ...]:
        """The heads that are selected."""
        targets: tuple[Target, ...] = self._workbench.selection
        return tuple(each.name for each in targets if isinstance(each, Node) and each.kind == "head")

    # ---- what is shown ----

    def _show(self) -> None:
        scores = self._scores
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
                words=presenter.head_words(scores, chosen),
            )
        data = data.at(
            why_not=why_not(self._workbench), running=self._running, share=self._share, problem=self._problem
        )
        if data != self._panel.data():
            self._panel.set_data(data)


def _head(name: str) -> Node:
    """a5.h1"""
    layer, _, head = name.removeprefix("a").partition(".h")
    return Node("head", int(layer), int(head))


def why_not(workbench: Workbench) -> str:
    """Why no heads can be measured."""
    opened = workbench.opened
    if opened is None or workbench.ready is None:
        return "Open a model and give it an input first"
    if opened.graph.towers:
        return "This model has two towers: open one of them to measure its heads"
    if opened.is_text and not opened.writes_text:
        return f"{opened.title} does not tell the next token of a text, and the tests of heads are of models that do"
    if opened.takes_ids:
        return f"{opened.title} has no tokenizer, so there is no text to test its heads on"
    return ""
