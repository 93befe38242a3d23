"""Finding (Ctrl+F): what is typed over the canvas, looked for in the graph and the inputs, and gone to."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.features.find.controller.notes import notes_found
from app.features.find.presenter import Searched, find, heads_found, readers_found
from app.features.find.queries import HeadsReadingQuery, HeadsReadingReply
from app.messages.request import QueryRefusal
from app.messages.traits import TraitsQuery, TraitsReply
from app.workbench.notes import Subject
from app.workbench.workbench import Workbench
from core.formatting import counted
from core.project.document import Document
from core.tracing.meaning import ESTIMATED
from views.canvas.canvas import Canvas
from views.panels.find.data import Hit
from views.panels.find.panel import FindBar

KEY = "find"
NO_MODEL = "Open a model first: then its nodes, edges and tokens can be found."


class FindController(QObject):
    """One window's find bar. say: a line for the user."""

    def __init__(self, workbench: Workbench, bar: FindBar, canvas: Canvas, say: Callable[[str], None]) -> None:
        super().__init__(bar)
        self._workbench, self.bar, self._canvas, self._say = workbench, bar, canvas, say
        self._query: HeadsReadingQuery | TraitsQuery | None = None
        self._traits: TraitsReply | None = None  # the latest
        self._reply: HeadsReadingReply | None = None  # the latest, to be shown again for the same words
        bar.looked_for.connect(self._look)
        bar.chosen.connect(self._go)
        bar.closed.connect(self._close)
        workbench.on(HeadsReadingReply, self._take)
        workbench.on(TraitsReply, self._take_traits)
        workbench.on(QueryRefusal, self._take_refusal)
        for changed in (
            workbench.records.notes.changed,
            workbench.model_opened,
            workbench.cards_changed,
            workbench.positions_changed,
        ):
            changed.connect(lambda *_: self._look_again())
        workbench.document_changed.connect(self._forget_traits)

    def open(self) -> None:
        """Show the bar; on the welcome page there is nothing to find."""
        searched = self._searched()
        if searched is None or not self.bar.parentWidget().isVisible():
            self._say(NO_MODEL)
            return
        self.bar.open_bar(f"Find: {searched.examples}")

    def _searched(self) -> Searched | None:
        workbench = self._workbench
        opened, ready, scored = workbench.opened, workbench.ready, workbench.scored
        if opened is None:
            return None
        return Searched(
            opened.graph,
            None if scored is None else scored.values,
            () if ready is None else ready.labels,
            opened.is_text,
            workbench.positions,
            ESTIMATED if scored is None else scored.meaning,
        )

    def _look(self, text: str) -> None:
        searched = self._searched()
        if searched is None:
            self.bar.show_hits((), NO_MODEL)
            return
        matches = find(text, searched)
        self._query = None
        if matches.reads:
            of_region = matches.reads == searched.selected
            self._query = HeadsReadingQuery(matches.reads, () if of_region else searched.selected)
        if matches.trait:
            self._query = TraitsQuery()
            if self._traits is not None:
                matches = heads_found(matches.trait, self._traits.traits)
        reply = self._reply
        if reply is not None and self._query == reply.query:
            matches = readers_found(reply.query.keys, reply.queries, reply.shares, searched)
        notes = notes_found(text, self._workbench.records.notes, searched.graph, self._workbench.document.model)
        words = matches.words
        if notes:
            of_notes = counted(len(notes), "note")
            words = f"{words}, and {of_notes}" if matches.hits else f"{of_notes} found"
        self.bar.show_hits((*matches.hits, *notes), words)
        self._workbench.set_query(KEY, self._query)

    def _look_again(self) -> None:
        if self.bar.isVisible():
            self._look(self.bar.text())

    def _take(self, reply: HeadsReadingReply) -> None:
        self._reply = reply
        if reply.query == self._query:
            self._look_again()

    def _forget_traits(self, before: Document, document: Document) -> None:
        """Those of other inputs or edits come again."""
        if not TraitsQuery().holds(before, document):
            self._traits = None

    def _take_traits(self, reply: TraitsReply) -> None:
        self._traits = reply
        if isinstance(self._query, TraitsQuery):
            self._look_again()

    def _take_refusal(self, reply: QueryRefusal) -> None:
        if reply.query == self._query and self._query is not None:
            self.bar.show_hits((), reply.words)

    def _go(self, hit: Hit) -> None:
        """Select what was found, and show it."""
        if hit.target is not None:
            self._workbench.select((hit.target,))
            self._canvas.frame_selection()
        elif isinstance(hit.noted, Subject):
            self._go_to(hit.noted)
        elif hit.position is not None:
            self._workbench.set_positions((hit.position,))
            self._say(f"{hit.name} is selected: edits are made there alone.")

    def _go_to(self, subject: Subject) -> None:
        """To the step that a note is on, or that has what it is on; what is on the whole is read in the inspector."""
        workbench, step = self._workbench, subject.step
        if subject.model:
            steps = (each for each, _ in workbench.history.steps() if each.document.model == subject.model)
            step = next(steps, None)
        if step is not None and step.path()[0] is workbench.history.root:
            workbench.history.go(step)
            self._say(f"Back at: {step.words}")
        if subject.about != "step":
            workbench.select(())

    def _close(self) -> None:
        self._query = self._reply = self._traits = None
        self._workbench.set_query(KEY, None)
        self._canvas.setFocus()
