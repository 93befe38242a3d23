"""The window's side of Trace: its menu, which the document remembers, and what T starts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer

from app.features.tracing.queries import MethodsQuery, MethodsReply, NodeScoresReply
from app.messages.replies import RecoveryReply, ScoresReply
from app.presenters.trace_cost import Estimates
from app.workbench.workbench import Workbench
from core.formatting import pairs_words, percent
from core.project.trace_choice import TraceChoice
from core.tracing.options import CIRCUITS, Level
from views.panels.toolbar.panel import TopBar
from views.panels.tracing.data import NAMES, MethodData, TraceData


class TraceController(QObject):
    """Joins the menu, and the button beside it, to the workbench."""

    def __init__(self, workbench: Workbench, top_bar: TopBar) -> None:
        super().__init__(top_bar)
        self._workbench, self._top_bar = workbench, top_bar
        self._data = TraceData()
        self._methods: tuple[MethodData, ...] = ()  # as the engine knows them
        self._estimates: Estimates | None = None
        self._shown_for: tuple[object, ...] = ()  # all that the menu depends on
        self._given_up = False
        menu = top_bar.method_menu
        top_bar.trace_requested.connect(self.trace)
        menu.method_chosen.connect(self._choose)
        menu.option_changed.connect(self._tell)
        menu.over_chosen.connect(self._go_over)
        menu.level_chosen.connect(self._score)
        workbench.set_query("methods", MethodsQuery())
        workbench.on(MethodsReply, self._take)
        workbench.history_changed.connect(self._follow)
        workbench.on(ScoresReply, self._take_scored)
        workbench.on(NodeScoresReply, self._take_nodes)
        workbench.on(RecoveryReply, self._take_recovered)
        workbench.given_up.connect(self._end)

    @property
    def _choice(self) -> TraceChoice:
        return self._workbench.document.choice

    def trace(self) -> None:
        """Score all edges as chosen, or say why not."""
        workbench, choice, method = self._workbench, self._choice, self._data.chosen
        if workbench.opened is None or method is None:
            workbench.message.emit(
                "Open a model first." if workbench.opened is None else "The inputs are not read yet."
            )
            return
        if method.problem:
            workbench.message.emit(f"{method.problem} Give what it needs, or choose another method beside Trace.")
            return
        if choice.over_dataset and not workbench.document.dataset:
            workbench.message.emit("The dataset has no rows: add pairs or fill it from a task, or trace this pair.")
            return
        takes = [option.name for option in method.options]
        told = tuple((name, value) for name, value in choice.options if name in takes)
        over = f" over {pairs_words(self._data.pairs)}" if choice.over_dataset else ""
        what = "" if choice.level == "edges" else f" {NAMES[choice.level]}"
        workbench.traces.begin(f"Trace{what} by {method.title}{over}", replace(choice, options=told))
        if method.cost:  # how long it still takes stands beside its bar, and is corrected there
            workbench.message.emit(f"{method.title}{over}. Cancel keeps what is scored by then.")

    # ---- the menu ------------------------------------------------------------------------------------------

    def _choose(self, name: str) -> None:
        title = next(method.title for method in self._data.methods if method.name == name)
        levels = next(method.levels for method in self._data.methods if method.name == name)
        level = self._choice.level if self._choice.level in levels else "edges"
        self._commit(f"Choose {title} for tracing", replace(self._choice, method=name, level=level))

    def _tell(self, name: str, value: float) -> None:
        method = self._data.chosen
        title = next((option.title for option in method.options if option.name == name), name) if method else name
        self._commit(f"Trace with {title.lower()} {value:g}", self._choice.with_option(name, value), f"trace {name}")

    def _go_over(self, dataset: bool) -> None:
        words = "Trace over the dataset" if dataset else "Trace over this pair"
        self._commit(words, replace(self._choice, over_dataset=dataset))

    def _score(self, level: Level) -> None:
        self._commit(f"Trace {NAMES[level]}", replace(self._choice, level=level))

    def _commit(self, words: str, choice: TraceChoice, merge: str = "") -> None:
        self._workbench.commit(words, replace(self._workbench.document, choice=choice), merge)
        self._shown_for = ()
        self._follow()  # the menu shows the document's choice, whatever was clicked

    def _take(self, reply: MethodsReply) -> None:
        self._methods, self._estimates = reply.methods, reply.estimates
        self._follow()

    def _follow(self) -> None:
        """The document's choice at once; what fits it when the engine says so. A cut brings three occasions, and none
        of it depends on edits: what each method would take is reckoned anew only where something else did."""
        document = self._workbench.document
        choice = document.choice
        shown_for = self._methods, self._estimates, choice, document.dataset
        if shown_for == self._shown_for:
            return
        self._shown_for = shown_for
        told = dict(choice.options)
        methods = tuple(
            replace(
                method,
                options=tuple(replace(o, value=told.get(o.name, o.usual)) for o in method.options),
                cost=self._cost(method),
            )
            for method in self._methods
        )
        problem = "" if document.dataset else "it has no rows"
        self._data = TraceData(
            methods, choice.method, choice.over_dataset, len(document.dataset), problem, choice.level
        )
        self._top_bar.set_tracing(self._data)

    def _cost(self, method: MethodData) -> str:
        """How long a method would take as the menu stands now, which may be ahead of the engine."""
        document, choice = self._workbench.document, self._choice
        takes = [option.name for option in method.options]
        told = tuple((name, value) for name, value in choice.options if name in takes)
        level: Level = choice.level if choice.level in method.levels else "edges"
        rows = document.dataset if choice.over_dataset else ()
        return (
            "" if self._estimates is None else self._estimates.words(TraceChoice(method.name, told, level=level), rows)
        )

    # ---- its end -------------------------------------------------------------------------------------------

    def _end(self, traced: bool) -> None:
        """The user has given it up: what is scored stays, and what it recovers is found out."""
        document = self._workbench.document
        last = document.traced_last
        self._given_up = traced and last is not None and last.takes_long
        if self._given_up:
            self._workbench.ask(changes=False)

    def _take_recovered(self, reply: RecoveryReply) -> None:
        """A trace of edges is at its end; when all have heard of it, the circuit that it came to is there."""
        traced, seconds = self._workbench.document.traced, self._workbench.traces.seconds

        def add() -> None:
            if self._workbench.document.traced == traced:
                self._workbench.runs.add("trace", seconds, size=reply.size)

        QTimer.singleShot(0, self, add)

    def _take_scored(self, scored: ScoresReply) -> None:
        """A part says how much of the work it is."""
        last = self._workbench.document.traced_last
        if last is not None and last.level not in CIRCUITS:
            return  # what is said of it comes with its own scores
        if self._given_up and scored.share < 1:
            self._workbench.message.emit(f"Cancelled; partial: {percent(scored.share)} of the work.")
        elif self._given_up and not self._stands(scored):
            self._forget()
        self._given_up = False

    def _take_nodes(self, scored: NodeScoresReply) -> None:
        if self._given_up and (scored.values is None or not np.isfinite(scored.values).any()):
            self._forget()
        self._given_up = False

    def _forget(self) -> None:
        """Nothing was scored by the time that it was given up."""
        self._workbench.traces.forget()
        self._workbench.message.emit("Cancelled before anything was scored.")

    def _stands(self, scored: ScoresReply) -> bool:
        """Whether scores are of the trace that was given up, or those that stand in for it."""
        last = self._workbench.document.traced_last
        if last is None or last.level not in CIRCUITS:
            return True
        return (scored.method, scored.pairs > 0) == (last.method, last.over_dataset)
