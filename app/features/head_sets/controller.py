"""The dock *Compare Head Sets*: two rankings are compared by what is lost without the first heads of each, and a set is
selected on the canvas by a click."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.features.head_sets import presenter
from app.features.head_sets.queries import COMPARING, CostQuery, CostReply, HeadSetsQuery, HeadSetsReply
from app.messages.request import FailureReply, QueryRefusal, RequestDone
from app.presenters.head_needs import why_no_head_sets
from app.services.file_dialogs import with_ending
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.graph import Node
from core.saving import save_text
from views.panels.head_sets.data import HeadSetsData, SetsChoice
from views.panels.head_sets.panel import HeadSetsPanel

STOPPED = "Stopped. What was measured is kept: the next comparison of the same goes on from there."
LOST = "Nothing was compared: the model cannot be run as it stands. Look at card A."
FILTERS = {"html": "HTML (*.html)", "md": "Markdown (*.md)", "json": "JSON (*.json)"}
RANKING_FILES, TEXT_FILES = "Heads, one a line (*.txt);;All files (*)", "Text (*.txt *.md *.rst *.text);;All files (*)"

Weights = tuple[object, ...]


class HeadSetsController(QObject):
    """Of one window. Replies are kept by the weights that they are of, so that they are there when one comes back."""

    def __init__(self, workbench: Workbench, panel: HeadSetsPanel, panels: Panels, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels, self._settings = workbench, panel, panels, settings
        self._asking: OneShot[HeadSetsQuery] = OneShot(workbench, "head sets")
        self._reckoning: OneShot[CostQuery] = OneShot(workbench, "head sets, cost")
        self._choice = SetsChoice()
        self._replies: dict[Weights, HeadSetsReply] = {}
        self._of: Weights = ()  # the weights that are compared, or that something was said of
        self._costs: dict[tuple[Weights, SetsChoice], float] = {}
        self._running, self._seen = False, False
        self._step, self._problem = "", ""
        self._share: float | None = None
        panel.compare_wanted.connect(self.compare)
        panel.cancel_wanted.connect(workbench.cancel)
        panel.choice_changed.connect(self.take_choice)
        panel.file_wanted.connect(self._choose_file)
        panel.heads_chosen.connect(self._select)
        panel.save_wanted.connect(self.save)
        panel.seen.connect(self._take_seen)
        workbench.on(HeadSetsReply, self._take)
        workbench.on(CostReply, self._take_cost)
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
        self._panels.bring("head_sets")
        self._panel.compare.setFocus()

    # ---- what is compared ----

    def take_choice(self, choice: SetsChoice) -> None:
        """Other settings; what was found stays until they are compared."""
        shares = _shares(choice)
        if shares:
            choice = replace(choice, main=presenter.main_of(shares, choice.main))
        self._choice, self._problem = choice, ""
        self._reckon()
        self._show()

    def _choose_file(self, which: str) -> None:
        start = self._settings.folder()
        if which == "folder":
            path = QFileDialog.getExistingDirectory(self._panel, "Choose a folder of texts", start)
        else:
            title = "Choose a text" if which == "text" else "Choose a file with a head a line"
            filters = TEXT_FILES if which == "text" else RANKING_FILES
            path, _ = QFileDialog.getOpenFileName(self._panel, title, start, filters)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            field = "text" if which in ("text", "folder") else which
            self.take_choice(replace(self._choice, **{field: path}))
        else:
            self._show()

    def _wrong(self) -> str:
        """Why the choice cannot be taken."""
        try:
            presenter.shares_of(self._choice.shares)
        except ValueError as error:
            return str(error)
        return "Both sets are of one ranking: choose another one." if self._choice.first == self._choice.second else ""

    # ---- asking ----

    def compare(self) -> None:
        """Begin, or go on where an earlier comparison was stopped."""
        if why := why_not(self._workbench) or self._wrong():
            self._workbench.message.emit(why)
            return
        self._running, self._problem, self._share, self._of = True, "", None, self._weights()
        self._reckoning.drop()
        self._asking.ask(HeadSetsQuery(self._choice, _shares(self._choice)))
        self._show()

    def _take_seen(self, seen: bool) -> None:
        self._seen = seen
        self._follow()

    def _weights(self) -> Weights:
        return HeadSetsQuery(self._choice, ()).depends_on(self._workbench.document)

    def _follow(self) -> None:
        """Other weights have other heads."""
        if self._of and self._weights() != self._of:
            self._of, self._problem, self._running = (), "", False
            for asking in (self._asking, self._reckoning):
                if asking.asked is not None:
                    asking.drop()
        self._reckon()
        self._show()

    def _reckon(self) -> None:
        """How long it takes, if anybody looks."""
        opened = self._workbench.opened
        there = opened is not None and opened.name == self._workbench.document.model
        if not self._seen or not there or self._running or why_not(self._workbench) or self._wrong():
            return
        self._of = self._weights()
        asked = self._reckoning.asked
        if (self._of, self._choice) not in self._costs and (asked is None or asked.choice != self._choice):
            self._reckoning.ask(CostQuery(self._choice, _shares(self._choice)))

    def _stop(self, problem: str) -> None:
        if self._running:
            self._running, self._problem = False, problem
            self._asking.drop()
            self._show()

    # ---- what comes ----

    def _take(self, reply: HeadSetsReply) -> None:
        if self._asking.ends(reply.query):
            self._running, self._problem = False, ""
            self._replies[self._weights()] = reply
            self._show()

    def _take_cost(self, reply: CostReply) -> None:
        if self._reckoning.ends(reply.query):
            self._costs[self._weights(), reply.query.choice] = reply.seconds
            self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        compared = isinstance(refusal.query, HeadSetsQuery) and self._asking.ends(refusal.query)
        if compared or (isinstance(refusal.query, CostQuery) and self._reckoning.ends(refusal.query)):
            self._running, self._problem = False, refusal.words
            self._show()

    def _take_end(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._asking.asked is not None and not self._workbench.busy:
            self._stop(LOST)

    def _take_progress(self, words: str, share: float | None) -> None:
        if self._running and words.startswith(COMPARING) and (words, share) != (self._step, self._share):
            self._step, self._share = words, share
            self._show()

    # ---- what the user does with it ----

    def _select(self, names: list[str]) -> None:
        if self._workbench.opened is not None:
            self._workbench.select(tuple(_head(name) for name in names))

    def save(self, ending: str) -> None:
        """Ask for a file and write the report."""
        reply = self._replies.get(self._weights())
        if reply is None:
            return
        start = str(Path(self._settings.folder()) / f"heads.{ending}")
        chosen, _ = QFileDialog.getSaveFileName(self._panel, "Save the report", start, FILTERS[ending])
        if not chosen:
            return
        path = Path(with_ending(chosen, FILTERS[ending]))
        self._settings.set_folder(str(path.parent))
        try:
            save_text(path, reply.texts[ending])
        except WirescopeError as error:
            self._workbench.failed.emit(FailureReply(0, "run", error.message, error.hint))
        else:
            self._workbench.message.emit(f"Saved {path.name}")

    # ---- what is shown ----

    def _show(self) -> None:
        why, weights, shares = why_not(self._workbench), self._weights(), _shares(self._choice)
        reply, seconds = self._replies.get(weights), self._costs.get((weights, self._choice))
        data = HeadSetsData(
            choice=self._choice,
            wrong=self._wrong(),
            estimate="" if why or seconds is None else presenter.cost_words(seconds),
            problem=self._problem,
            why_not=why,
            running=self._running,
            step=self._step,
            share=self._share,
        )
        if shares:
            data = replace(data, mains=shares)
        if reply is not None:
            heads = (each.name for each in self._workbench.selection if isinstance(each, Node) and each.kind == "head")
            left = presenter.left_words(reply.shown)
            data = replace(data, shown=reply.shown, left=left, chosen=frozenset(heads))
        if data != self._panel.data():
            self._panel.set_data(data)


def _shares(choice: SetsChoice) -> tuple[float, ...]:
    """None of a choice that cannot be taken."""
    try:
        return presenter.shares_of(choice.shares)
    except ValueError:
        return ()


def _head(name: str) -> Node:
    """a5.h1"""
    layer, _, head = name.removeprefix("a").partition(".h")
    return Node("head", int(layer), int(head))


def why_not(workbench: Workbench) -> str:
    """Why no sets of heads can be compared."""
    opened = workbench.opened
    if opened is None or workbench.ready is None:
        return "Open a model and give it an input first"
    return why_no_head_sets(opened)
