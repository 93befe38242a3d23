"""The circuit of the window: the strip under the canvas and the document's size."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.circuit.queries import CircuitRunQuery, CurveQuery
from app.messages.replies import CircuitRunReply, CurveReply, RecoveryReply, ScoresReply, TraceRefusal
from app.messages.request import QueryRefusal
from app.presenters.edits import mean_words
from app.presenters.score_words import scored_words
from app.presenters.subject import over_words, recovery_words
from app.services.actions import Actions
from app.workbench.figure import Figure
from app.workbench.size_choice import SizeChoice
from app.workbench.trace_intents import TRACE_STEP
from app.workbench.workbench import Workbench
from core.edits import REPLACED
from core.evaluation.verdict import speaks_against
from core.formatting import best_edges, counted, number, pairs_words, share_words
from core.project.curves import CurveRecord
from core.project.document import Document
from core.tracing.selection import RULES, USUAL
from views.panels.circuit.data import CircuitData, CurveData, KeptData, RuleData
from views.panels.circuit.panel import ThresholdStrip


class CircuitController(QObject):
    """Joins the strip to the workbench. It has links that do the same as the actions `trace` and `measure`."""

    def __init__(self, workbench: Workbench, panel: ThresholdStrip, actions: Actions) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._actions = workbench, panel, actions
        self._kept: CircuitRunReply | None = None  # the last one, which may be of another size or of other scores
        self._curve: Figure[CurveReply] | None = None
        self._scored_in: Document | None = None  # whose scores came last
        self._given_up_in: Document | None = None  # whose curve the user has given up
        self._problem = ""
        self._untraced: tuple[Document | None, str] = None, ""  # what could not be traced, and why
        self._traced_size: int | None = None  # the size that the last trace came to
        self._traced_in: Document | None = None  # of which it was a trace
        size = SizeChoice(workbench, self)
        panel.size_wanted.connect(size.want)
        panel.rule_wanted.connect(self._choose_rule)
        panel.let_go.connect(size.let_go)
        panel.overview_wanted.connect(lambda: size.commit(None))
        panel.measure_wanted.connect(actions["measure"].trigger)
        actions["measure"].enabledChanged.connect(lambda _: self.show())
        panel.trace_wanted.connect(self._ask_curve)
        workbench.set_query("kept", CircuitRunQuery())  # nothing is run while no circuit is chosen
        workbench.on(CircuitRunReply, self._take_kept)
        workbench.on(CurveReply, self._take_curve)
        workbench.on(ScoresReply, self._take_scored)
        workbench.on(RecoveryReply, self._take_recovered)
        workbench.on(QueryRefusal, self._take_unanswered)
        workbench.on(TraceRefusal, self._take_untraced)
        workbench.document_changed.connect(self._drop)
        workbench.history_changed.connect(self._follow)
        workbench.idle.connect(self._follow)  # it may be known by now that the project's curve is of these weights
        workbench.strongest_changed.connect(lambda _: self.show())
        workbench.given_up.connect(lambda _: self._give_up_curve())
        for changed in (workbench.model_opened, workbench.metric_changed, workbench.nothing_to_show):
            changed.connect(lambda _: self.show())

    # ---- what the user does ------------------------------------------------------------------------------------

    def _choose_rule(self, name: str) -> None:
        document = self._workbench.document
        self._workbench.commit(f"Choose edges: {RULES[name].title}", replace(document, rule=name))

    def _ask_curve(self) -> None:
        """Trace, or go on with the curve that was given up."""
        if self._curve_can_run():
            self._given_up_in = None
            self._follow()
        else:
            self._actions["trace"].trigger()

    def _give_up_curve(self) -> None:
        """What the user has cancelled does not start again by itself."""
        if self._curve is None or not self._curve.holds(self._workbench.document):
            self._given_up_in = self._workbench.document
        self._follow()

    # ---- what the engine says ----------------------------------------------------------------------------------

    def _follow(self) -> None:
        """The document is another one."""
        wanted = self._curve_can_run() and not self._is_here(self._given_up_in)
        self._workbench.set_query("curve", CurveQuery(self._curve_known()) if wanted else None)
        self.show()

    def _drop(self, before: Document, document: Document) -> None:
        """Of other inputs or another metric not even the scale is the same."""
        if before.basis != document.basis:
            self._kept, self._curve, self._problem = None, None, ""

    def _is_here(self, document: Document | None) -> bool:
        """Whether what holds of the circuits of a document holds of those of the present one."""
        return document is not None and CurveQuery().holds(document, self._workbench.document)

    def _curve_can_run(self) -> bool:
        """Whether all edges are scored, by a trace or by a file, so that circuits of all sizes can be run."""
        if self._of_file():
            scored = self._workbench.scored
            return scored is not None and self._is_here(self._scored_in) and scored.ranking.whole
        return self._workbench.recovered is not None or self._curve_known() is not None

    def _curve_known(self) -> CurveRecord | None:
        """The curve of the present scores, where the project has it."""
        document, scored = self._workbench.document, self._workbench.scored
        if document.traced is None or scored is None or scored.choice != document.scoring or scored.share < 1:
            return None
        return self._workbench.records.curve(document)

    def _of_file(self) -> bool:
        traced = self._workbench.document.traced
        return traced is not None and bool(traced.file) and not self._is_here(self._untraced[0])

    def _take_kept(self, kept: CircuitRunReply) -> None:
        self._kept, self._problem = kept, ""
        self.show()

    def _take_curve(self, curve: CurveReply) -> None:
        self._curve = Figure(CurveQuery(), curve, self._workbench.document)
        self.show()

    def _take_scored(self, scored: ScoresReply) -> None:
        self._problem, self._scored_in = scored_words(scored), self._workbench.document
        if self._of_file():
            self._follow()
        else:
            self.show()

    def _take_recovered(self, recovered: RecoveryReply) -> None:
        """A trace has found how many edges do most: they are the circuit, where the user has not chosen a size."""
        document = self._workbench.document
        size, self._traced_in = document.size, document
        words = traced_words(recovered, document)
        if size is None or size == self._traced_size:
            self._traced_size = recovered.size if recovered.is_small else None
            self._workbench.commit(step_words(recovered), replace(document, size=self._traced_size), TRACE_STEP)
        elif size != recovered.size:
            words += f" Kept are {size:,}, as chosen."
        self._workbench.message.emit(words)
        self._workbench.history.seal()
        self._untraced = None, ""
        self._follow()

    def _take_untraced(self, reply: TraceRefusal) -> None:
        """The trace that was asked for cannot be made."""
        self._workbench.traces.end()
        words = f"{reply.message} {reply.hint}".strip()
        self._untraced = self._workbench.document, words
        self._workbench.message.emit(words)
        self.show()

    def _take_unanswered(self, reply: QueryRefusal) -> None:
        if isinstance(reply.query, CircuitRunQuery | CurveQuery):
            self._problem = reply.words
            self.show()

    # ---- what is shown -----------------------------------------------------------------------------------------

    def show(self) -> None:
        self._panel.set_data(self.data())

    def data(self) -> CircuitData:
        """The state of the strip."""
        workbench, scored, subject = self._workbench, self._workbench.scored, self._workbench.presenter.subject()
        can_run = self._curve_can_run()
        if workbench.opened is None:
            return CircuitData()
        ranked = None if subject is None else subject.ranked
        present = None if subject is None else subject.recovered
        kept = present or self._kept  # one of an earlier state is dimmed
        return CircuitData(
            edges=workbench.opened.graph.n_edges,
            overview=min(workbench.extent.strongest, workbench.opened.graph.n_edges),
            size=workbench.document.size,
            kept=None if kept is None else _kept_data(kept, workbench.opened.graph.n_edges),
            curve=self._curve_data(),
            replaced=REPLACED.get(workbench.cut_kind, ""),
            partial=ranked.partial if ranked is not None else "",
            ranked="" if ranked is None else ranked.by,
            over="" if subject is None else subject.over,
            can_measure=self._actions["measure"].isEnabled(),
            problem=self._problem or (self._untraced[1] if self._is_here(self._untraced[0]) else ""),
            can_trace=scored is not None,
            running=can_run and not self._is_here(self._given_up_in) and workbench.busy,
            can_run=can_run,
            in_part=self._of_file() and scored is not None and not scored.ranking.whole,
            tracing=workbench.traces.running,
            nothing_small=nothing_small(workbench.recovered) if self._is_here(self._traced_in) else "",
            rules=() if scored is None else _rules(scored),
            rule=USUAL if scored is None else scored.rule,
            stale=kept is not None and workbench.document.size is not None and present is None,
        )

    def _curve_data(self) -> CurveData | None:
        if self._curve is None:
            return None
        curve, stale = self._curve.reply, not self._curve.holds(self._workbench.document)
        return CurveData(curve.sizes, curve.recovered, curve.band, _area_words(curve), curve.sure, stale)


def _rules(scored: ScoresReply) -> tuple[RuleData, ...]:
    return tuple(
        RuleData(rule.name, rule.title, rule.words, scored.rule_problems.get(rule.name, ""), rule.phrase)
        for rule in RULES.values()
    )


def traced_words(reply: RecoveryReply, document: Document) -> str:
    """What a trace has come to: its size, and what that recovers."""
    of = f"{REPLACED[reply.kind]}{mean_words(reply.kind, document)}, over {over_words(reply.pairs)}"
    words = recovery_words(reply.size, reply.edges, reply.share, reply.random, of)
    if reply.is_search:
        words = f"{words}. These are what the search has kept"
    missed = f" No circuit of up to {reply.tried:,} edges recovers {share_words(reply.missed)}." if reply.missed else ""
    if not reply.is_small:
        shown = "shown are the strongest edges. A larger circuit: drag, or type how much it is to recover"
        return f"No circuit of up to {reply.tried:,} edges recovers half of the behaviour: {shown}. At best {words}."
    return f"{words}.{missed}"


def step_words(reply: RecoveryReply) -> str:
    """What a trace does to the circuit, as a step."""
    if not reply.is_small:
        return "Trace: no small circuit, show the strongest edges"
    if reply.is_search:
        return f"Trace: keep the {counted(reply.size, 'edge')} that it kept"
    return f"Trace: keep {best_edges(reply.size)}"


def nothing_small(reply: RecoveryReply | None) -> str:
    """That no circuit of a size that can be drawn recovers much; nothing where one does."""
    if reply is None or reply.is_small:
        return ""
    return f"no small circuit: the best {reply.size:,} recover {share_words(reply.share)}"


def _kept_data(kept: CircuitRunReply, edges: int) -> KeptData:
    return KeptData(
        kept.size,
        kept.connected,
        kept.share,
        kept.random,
        kept.metric,
        kept.whole,
        kept.pairs,
        kept.band,
        kept.accuracy,
        kept.whole_accuracy,
        REPLACED.get(kept.kind, kept.kind),
        speaks_against(kept.share, kept.size, edges),
    )


def _area_words(curve: CurveReply) -> str:
    over = f", over {pairs_words(curve.pairs)}; light blue: 95 % by bootstrap" if curve.pairs else ""
    phrase = RULES[curve.rule].phrase
    by = f"{curve.title}{', ' if phrase else ''}{phrase}, {REPLACED.get(curve.kind, curve.kind)}{over}"
    return (
        f"The curve ({by}): CPR {number(curve.cpr)}, the area under it (above 1 where what leads away from A was "
        f"left out); CMD {number(curve.cmd)}, the area between it and 100 %, best at 0. The band: from the lowest to "
        f"the highest of three random circuits of each size."
    )
