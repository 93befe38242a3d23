"""*Continue*, under the predictions: the text goes on, before and after the edits, token by token."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.features.continuation.presenter import as_text, continuation, said
from app.features.continuation.queries import ContinueQuery, ContinueReply
from app.messages.request import QueryRefusal, RequestDone
from app.messages.standing import LabelsQuery
from app.services.panels import Panels
from app.workbench.figure import Figure
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.continuation import MOST_TOKENS
from views.panels.continuation.data import Choice, ContinuationData
from views.panels.predictions.panel import PredictionsPanel

STOPPED = "Stopped."
ANOTHER_PROMPT = "A is another text now: press Continue first."
NO_TEXT = "Up to this token are bytes that are no letter: it cannot be typed into A."
LOST = "Nothing was written: A cannot be run as it stands."


class ContinuationController(QObject):
    """Of one window. What was written stays, dimmed, when what it is of changes."""

    def __init__(self, workbench: Workbench, panel: PredictionsPanel, panels: Panels) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel.continuation, panels
        self._predictions = panel
        self._writing: OneShot[ContinueQuery] = OneShot(workbench, "continuation")
        self._figure: Figure[ContinueReply] | None = None
        self._running: ContinueQuery | None = None
        self._panel.tokens.setMaximum(MOST_TOKENS)
        panel.continue_requested.connect(self.begin)
        self._panel.wanted.connect(self._begin)
        self._panel.stop_wanted.connect(self._stop)
        self._panel.token_taken.connect(self._take_token)
        self._panel.copy_wanted.connect(self._copy)
        workbench.on(ContinueReply, self._take)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.given_up.connect(lambda _: self._stop())
        workbench.on(RequestDone, self._find_lost)
        workbench.document_changed.connect(self._follow)
        workbench.model_opened.connect(lambda _: self._offer())
        self._offer()

    def begin(self) -> None:
        """Open the texts, and go on as it is chosen there."""
        if why_not(self._workbench):
            self._workbench.message.emit(f"{why_not(self._workbench)}.")
            return
        self._panels.bring("predictions")
        self._panel.set_open(True)
        self._begin(self._panel.choice())

    def _begin(self, choice: Choice) -> None:
        if why_not(self._workbench):
            self._say(f"{why_not(self._workbench)}.")
            return
        self._stop()
        self._figure = None
        self._panel.set_running(True)
        self._say("Writing…")
        self._writing.ask(ContinueQuery(choice=choice))
        self._running = self._writing.asked

    def _stop(self) -> None:
        """At once: what has come by now stays."""
        if self._running is not None:
            self._running.interrupt.set()
            self._writing.drop()
            self._end(STOPPED)

    def _end(self, words: str = "") -> None:
        self._running = None
        self._panel.set_running(False)
        if words:
            self._say(words)
        else:
            self._show()

    def _say(self, words: str) -> None:
        self._show(words)
        self._workbench.message.emit(words)

    def _show(self, words: str = "") -> None:
        figure = self._figure
        data = ContinuationData()
        if figure is not None:
            stale = not figure.holds(self._workbench.document)
            data = continuation(figure.reply, figure.document, stale, self._running is not None)
        self._panel.show_texts(replace(data, words=words) if words else data)

    def _take(self, reply: ContinueReply) -> None:
        if reply.query != self._running:
            return
        self._figure = Figure(reply.query, reply, self._workbench.document)
        if reply.over and self._writing.ends(reply.query):
            self._end()
            self._workbench.message.emit(said(reply, self._figure.document, False))
        else:
            self._show()

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, ContinueQuery) and self._writing.ends(refusal.query):
            self._end(refusal.words)

    def _find_lost(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._running is not None and not self._workbench.busy and self._writing.asked is not None:
            self._writing.drop()
            self._end(LOST)

    def _take_token(self, after: bool, place: int) -> None:
        """The text up to a token becomes the prompt."""
        figure, workbench = self._figure, self._workbench
        if figure is None:
            return
        tokens = (figure.reply.after if after else figure.reply.before) or ()
        if place >= len(tokens):
            return
        if not LabelsQuery().holds(figure.document, workbench.document):
            workbench.message.emit(ANOTHER_PROMPT)
            return
        text = tokens[place].text
        if text is None:
            workbench.message.emit(NO_TEXT)
            return
        self._stop()
        workbench.question.go_on(text)

    def _copy(self) -> None:
        if self._figure is not None:
            QGuiApplication.clipboard().setText(as_text(self._figure.reply, self._figure.document))
            self._workbench.message.emit("Copied both texts.")

    def _follow(self, before: object, document: object) -> None:
        if self._figure is not None and self._figure.document.opens != self._workbench.document.opens:
            self._stop()
            self._figure = None  # another model's text
        self._offer()
        self._show()

    def _offer(self) -> None:
        """A model that writes no text has nothing to go on with."""
        writes = not why_no_text(self._workbench)
        self._predictions.set_writes(writes)
        if not writes:
            self._panel.set_open(False)


def why_no_text(workbench: Workbench) -> str:
    opened = workbench.opened
    if opened is None:
        return "Open a model first"
    return "" if opened.writes_text else f"{opened.title} writes no text"


def why_not(workbench: Workbench) -> str:
    """Why nothing can be gone on with."""
    why = why_no_text(workbench)
    return why or ("" if workbench.ready_of_present is not None else "Type a prompt into A first")
