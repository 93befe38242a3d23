"""The dock *Console*: Python beside the live session, run in the engine's thread. What it does to `edits` is a step of
the history."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.console.queries import CompleteQuery, CompleteReply, ConsoleOutput, ConsoleQuery, ConsoleReply
from app.messages.request import QueryRefusal, RequestDone
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from views.panels.console.panel import ConsolePanel

NOTHING_OPEN = "Open a model, with an input in A: then Python can be run beside it"
NAMES_GONE = "The worker has ended and was started again: names that were set here are gone."
LONGEST = 40  # letters of code in a step's name


class ConsoleController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panel: ConsolePanel) -> None:
        super().__init__(panel)
        self._workbench, self._panel = workbench, panel
        self._running: OneShot[ConsoleQuery] = OneShot(workbench, "console")
        self._completing: OneShot[CompleteQuery] = OneShot(workbench, "console names")
        panel.entered.connect(self.run)
        panel.complete_wanted.connect(self._complete)
        panel.stop_wanted.connect(self.stop)
        workbench.on(ConsoleOutput, self._take_output)
        workbench.on(ConsoleReply, self._take)
        workbench.on(CompleteReply, self._take_names)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.given_up.connect(lambda _: self._give_up())
        workbench.on(RequestDone, self._find_lost)
        workbench.homes.restarted.connect(self._say_names_gone)
        for changed in (workbench.metric_changed, workbench.model_opened, workbench.history_changed, panel.shown):
            changed.connect(lambda *_: self._look())
        self._query: ConsoleQuery | None = None  # what runs
        self._has_run = False  # in the worker that there is now
        self._look()

    def run(self, code: str) -> None:
        """Run code in the engine's thread."""
        if why_nothing_runs(self._workbench):
            self._panel.write(f"{why_nothing_runs(self._workbench)}.")
            return
        self._panel.begin(code)
        self._running.ask(ConsoleQuery(code=code))
        self._query, self._has_run = self._running.asked, True

    def stop(self) -> None:
        """Stop what runs; its reply says that it was."""
        if self._query is not None:
            self._query.interrupt.set()

    def _give_up(self) -> None:
        """All work of the engine was cancelled, this among it: no reply comes."""
        if self._query is not None:
            self._query.interrupt.set()
            self._end("Interrupted.")

    def _say_names_gone(self) -> None:
        """Once: where something runs, its refusal says so."""
        if self._has_run and self._query is None:
            self._panel.write(NAMES_GONE)
        self._has_run = self._query is not None

    def _find_lost(self, _done: RequestDone) -> None:
        """The request has ended without a reply: it came to nothing before this was its turn."""
        if self._query is not None and not self._workbench.busy and self._running.asked is not None:
            self._running.drop()
            self._end("Nothing was run: the model or the input in A cannot be used.")

    def _end(self, words: str = "") -> None:
        self._query = None
        if words:
            self._panel.write(words)
        self._panel.set_running(False)

    def _look(self) -> None:
        self._panel.set_problem(why_nothing_runs(self._workbench))

    def _take_output(self, output: ConsoleOutput) -> None:
        if output.query == self._query:
            self._panel.show_output(output.text)

    def _take(self, reply: ConsoleReply) -> None:
        if not self._running.ends(reply.query):
            return
        self._panel.show_output(reply.text)
        self._end(reply.error)
        workbench = self._workbench
        if reply.edits is None:
            return
        if workbench.document.edits != reply.before:
            self._panel.write("The edits were changed in the window meanwhile: they stay as they are there.")
            return
        line = " ".join(reply.query.code.split())
        line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        workbench.commit(f"Console: {line}", replace(workbench.document, edits=reply.edits))

    def _complete(self, text: str) -> None:
        if not why_nothing_runs(self._workbench) and self._query is None:
            self._completing.ask(CompleteQuery(text=text))

    def _take_names(self, reply: CompleteReply) -> None:
        if not self._completing.ends(reply.query) or not reply.names:
            return
        word = _word(reply.query.text)
        self._panel.field.go_on(word, reply.names)
        if len(reply.names) > 1:
            self._panel.write("  ".join(name.rpartition(".")[2] for name in reply.names))

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, ConsoleQuery) and self._running.ends(refusal.query):
            self._end(refusal.words)


def _word(text: str) -> str:
    """The dotted name that a text ends with."""
    start = len(text)
    while start and (text[start - 1].isidentifier() or text[start - 1].isdigit() or text[start - 1] == "."):
        start -= 1
    return text[start:]


def why_nothing_runs(workbench: Workbench) -> str:
    """Why nothing can be run."""
    return "" if workbench.opened is not None and workbench.ready_of_present is not None else NOTHING_OPEN
