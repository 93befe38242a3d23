"""The *Plots* dock: what was traced, edited and measured in this session, as figures. Nothing is computed for it
that the window does not have: curves and effects are kept as they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from app.features.plots.presenter import (
    Values,
    against_known,
    agreement,
    history_points,
    named_apart,
    rows_csv,
    score_axis,
    score_bins,
)
from app.messages.replies import CurveReply, ScoresReply
from app.messages.request import FailureReply
from app.presenters.subject import LONGEST, Subject
from app.services.figure_export import export_figure
from app.workbench.size_choice import SizeChoice
from core.circuit import Circuit
from core.edits import Target
from core.errors import WirescopeError
from core.formatting import number, pairs_words
from core.graph import Edge, Graph
from core.inputs.real_files import check_real_file
from core.interchange.circuit_json import from_json
from core.text_files import read_text
from core.tracing.ranking import Ranking
from core.tracing.selection import RULES
from views.panels.plots.data import (
    About,
    AgreementData,
    CurveLine,
    CurvesData,
    HistoryData,
    KnownData,
    PlotsData,
    ScoreBins,
    ScoresData,
)
from views.panels.plots.panel import PlotsPanel

if TYPE_CHECKING:
    from app.services.settings import Settings
    from app.workbench.workbench import Workbench

MOST_CURVES = 12  # that are kept
MOST_STATES = 6  # whose effects are kept
OPENED = "Circuits (*.json);;All files (*)"

State = tuple[object, ...]


@dataclass
class Effects:
    """Effects of removing single edges, of one state. scored: what the estimated ones are of; about: in words.
    measured: by the number of an edge."""

    about: About = field(default_factory=About)
    scored: Ranking | None = None
    measured: dict[int, float] = field(default_factory=dict)

    @property
    def estimated(self) -> Values | None:
        """[edges], NaN where there is none. Made where they are looked at: of a large model they are a hundred
        megabytes."""
        if self.scored is None:
            return None
        changes = np.where(self.scored.unknown, np.nan, -self.scored.values)
        return np.where(self.scored.measured, np.nan, changes)


class PlotsController(QObject):
    """Joins the panel to the workbench."""

    def __init__(
        self,
        workbench: Workbench,
        panel: PlotsPanel,
        settings: Settings,
        show_failure: Callable[[FailureReply], None],
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._settings, self._show_failure = workbench, panel, settings, show_failure
        self._curves: dict[State, CurveLine] = {}  # by their states, the newest last
        self._curves_seen, self._let_go = 0, 0
        self._effects: dict[State, Effects] = {}  # by what they depend on, the newest last
        self._scored_of: State = ()
        self._binned: tuple[State, ScoreBins] | None = None  # and what they are of
        self._known: tuple[str, Circuit] | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in a row are one
        self._soon.timeout.connect(self.refresh)
        size = SizeChoice(workbench, self)
        panel.size_wanted.connect(size.want)
        panel.let_go.connect(size.let_go)
        panel.known_wanted.connect(self.choose_known)
        panel.forget_wanted.connect(self.forget_earlier)
        panel.export_wanted.connect(self.export)
        panel.shown.connect(self._soon.start)
        workbench.on(CurveReply, self._take_curve)
        workbench.on(ScoresReply, self._take_scored)
        workbench.results.edges_measured.connect(self._take_measured)
        for changed in (workbench.history_changed, workbench.idle, workbench.model_opened, workbench.metric_changed):
            changed.connect(lambda *_: self._soon.start())

    # ---- what the engine says ------------------------------------------------------------------------------------

    def _state(self) -> State:
        """What a curve depends on: what the effects of edges do, how edges are scored and chosen."""
        return self._workbench.document.circuits

    def _effects_state(self) -> State:
        """What the effect of an edge depends on."""
        return *self._workbench.document.basis, self._workbench.document.cut_kind

    def _take_curve(self, curve: CurveReply) -> None:
        opened, state = self._workbench.opened, self._state()
        if opened is None:
            return
        former = self._curves.pop(state, None)
        slot = self._curves_seen if former is None else former.slot
        self._curves_seen += former is None
        area = f"CPR {number(curve.cpr)}, CMD {number(curve.cmd)}"
        edges = opened.graph.n_edges
        self._curves[state] = CurveLine(
            "", self._about(), curve.sizes, curve.recovered, edges, curve.band, curve.sure, area, slot=slot
        )
        while len(self._curves) > MOST_CURVES:
            self._curves.pop(next(iter(self._curves)))
            self._let_go += 1
        self._soon.start()

    def _take_scored(self, scored: ScoresReply) -> None:
        self._scored_of = self._state()
        self._soon.start()
        if scored.from_file or not scored.meaning.effect:
            return  # of other inputs, or no effects
        effects, ranking = self._effects_here(), scored.ranking
        real = ranking.measured
        measured = np.flatnonzero(real if ranking.whole else real & ~ranking.unknown)
        effects.measured |= dict(zip(measured.tolist(), (-ranking.values[measured]).tolist(), strict=True))
        if not real.all():
            effects.scored, effects.about = ranking, self._about()

    def _take_measured(self, values: Mapping[Target, float]) -> None:
        opened = self._workbench.opened
        if opened is None or self._workbench.document.edits:
            return  # on top of edits an effect is another one
        index = opened.graph.edge_index
        self._effects_here().measured |= {
            index(edge): value for edge, value in values.items() if isinstance(edge, Edge)
        }
        self._soon.start()

    def _effects_here(self) -> Effects:
        """Of the present state, which is the newest then."""
        state = self._effects_state()
        effects = self._effects.pop(state, Effects())
        self._effects[state] = effects
        while len(self._effects) > MOST_STATES:
            self._effects.pop(next(iter(self._effects)))
        return effects

    # ---- what is shown -------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the present state, if anybody looks."""
        if self._panel.isVisible():
            self._panel.set_data(self.data())

    def data(self) -> PlotsData:
        """All figures as they are now."""
        about = self._about()
        return PlotsData(
            self._curves_data(about),
            self._history(about),
            self._scores(about),
            self._agreement(about),
            self._known_data(),
        )

    def _about(self) -> About:
        subject = self._workbench.presenter.subject()
        return About() if subject is None else about_of(subject)

    def _curves_data(self, about: About) -> CurvesData:
        now, same = self._state(), self._effects_state()
        lines = [
            replace(line, present=state == now, same=state[: len(same)] == same) for state, line in self._curves.items()
        ]
        return CurvesData(about, named_apart(lines, about), self._let_go)

    def _history(self, about: About) -> HistoryData:
        of = replace(about, method="", ablation="")
        points, left_out = history_points(self._workbench.history.current)
        return HistoryData(of, points, left_out)

    def _scores(self, about: About) -> ScoresData:
        scored = self._workbench.scored
        if scored is None:
            return ScoresData(about)
        bins, meaning = self._bins(scored), scored.meaning
        size, edges = self._workbench.document.size, len(scored.values)
        subject = self._workbench.presenter.subject()
        how = meaning.how if subject is None or subject.ranked is None else subject.ranked.how
        axis = score_axis(how, meaning.signed, scored.ranking.direction, "" if meaning.effect else meaning.words)
        return ScoresData(
            about, bins, None if size is None else min(size, edges), how, axis, self._scored_of != self._state()
        )

    def _bins(self, scored: ScoresReply) -> ScoreBins:
        ranking = scored.ranking
        of = (*self._effects_state(), scored.of, scored.rule, scored.share)  # they come again with every run
        if not scored.of or self._binned is None or self._binned[0] != of:
            self._binned = (
                of,
                score_bins(ranking.values, ranking.unknown, ranking.best, ranking.direction, scored.meaning.signed),
            )
        return self._binned[1]

    def _agreement(self, about: About) -> AgreementData:
        opened, effects = self._workbench.opened, self._effects.get(self._effects_state())
        estimated = None if effects is None else effects.estimated
        if opened is None or effects is None or estimated is None:
            return AgreementData(about)
        ready = self._workbench.ready_of_present
        floor = 0.0 if ready is None else ready.noise_floor
        note = "without the edits" if self._workbench.document.edits else ""
        return agreement(opened.graph, effects.about, estimated, effects.measured, floor, note)

    def _known_data(self) -> KnownData:
        opened, scored, about = self._workbench.opened, self._workbench.scored, self._about()
        if self._known is None or opened is None:
            return KnownData(about)
        name, circuit = self._known
        if circuit.graph != opened.graph:
            has, is_of = shape_words(opened.graph), shape_words(circuit.graph)
            return KnownData(about, name, problem=f"{name} is a circuit of a model of {is_of}; this one has {has}.")
        edges = frozenset(np.unique(circuit.edges).tolist())
        if scored is None:
            return KnownData(about, name, len(edges), opened.graph.n_edges)
        best = scored.ranking.best
        ordered = best[~scored.ranking.unknown[best]]
        stale = self._scored_of != self._state()
        return against_known(about, name, edges, opened.graph.n_edges, ordered, self._workbench.document.size, stale)

    # ---- what the user does --------------------------------------------------------------------------------------

    def forget_earlier(self) -> None:
        """Take the curves of earlier states away."""
        now = self._state()
        self._curves = {state: line for state, line in self._curves.items() if state == now}
        self._let_go = 0
        self._soon.start()

    def choose_known(self) -> None:
        """Ask for the file of a known circuit."""
        path, _ = QFileDialog.getOpenFileName(self._panel, "Choose a known circuit", self._settings.folder(), OPENED)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.open_known(path)

    def open_known(self, path: str) -> None:
        """Take a circuit to compare with; one that cannot be read is spoken of, and the one before stays."""
        try:
            check_real_file(path)
            circuit = from_json(read_text(path))
            if not len(circuit.edges):
                raise WirescopeError("It has no edges.", "Choose a circuit that keeps some.")
        except WirescopeError as error:
            self._show_failure(FailureReply(0, "run", f"{Path(path).name}: {error.message}", error.hint))
            return
        self._known = Path(path).name, circuit
        self._soon.start()

    def export(self, ending: str) -> None:
        """Ask for a file and write the figure that shows."""
        export_figure(
            self._panel,
            self._workbench,
            self._settings,
            title="Export the figure",
            name=self._panel.plot.key,
            ending=ending,
            write=self._panel.write,
            table=lambda: rows_csv(self._panel.rows()),
        )


def about_of(subject: Subject) -> About:
    """What a figure of the present state is of."""
    ranked = subject.ranked
    inputs = " ".join(
        f"{letter} “{words if len(words) <= LONGEST else f'{words[: LONGEST - 1]}…'}”"
        for letter, words in zip("AB", subject.inputs, strict=True)
        if words
    )
    phrase = "" if ranked is None else RULES[ranked.rule].phrase
    parts = () if ranked is None else (ranked.by, phrase, ranked.partial)
    method = ", ".join(part for part in parts if part)
    over = f"{pairs_words(subject.pairs)} of the dataset" if subject.pairs else inputs
    return About(subject.model, over, subject.metric, method, subject.removed)


def shape_words(graph: Graph) -> str:
    """ "12 layers of 12 heads"."""
    keys = "" if graph.kv_heads == graph.heads else f", {graph.kv_heads} with keys"
    return f"{graph.layers} layers of {graph.heads} heads{keys}"
