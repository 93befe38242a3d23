"""The records that go into the project's file: what takes long to find out again (scores of edges, how far circuits
could be trusted), the circuits of its steps, notes, and which weights models had. What is shown now is in `results`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.messages.replies import CurveReply, ScoresReply
from app.workbench.notes import Notes
from core.edit_kinds import EditKind
from core.project.curves import CurveRecord
from core.project.document import Document, PairSource
from core.project.equality import same
from core.project.history import Step
from core.project.project import (
    CircuitRecord,
    EvaluationRecord,
    ModelRecord,
    Project,
    TraceOrigin,
    TraceRecord,
)
from core.project.repairs import RepairRecord
from core.project.trace_choice import TraceChoice
from core.towers_graph import sizes_of

if TYPE_CHECKING:
    from core.tracing.scores import Scores

MOST_BYTES = 96e6  # of all scores together; those that came last stay
MOST_CURVES = 200  # those that came last
MOST_QUICK = 4  # scores that are made again in no time, of the last states
Key = tuple[object, ...]


class ProjectRecords(QObject):
    """Of one workbench."""

    changed = Signal()
    repair_opened = Signal()  # those of another project
    begun = Signal()  # another project is here
    saved = Signal(str, str)  # the project goes on in a file: the one before (empty: it had none), and this one

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gained = 0  # how often something came that would be missed
        self.place = ""  # the file of the project; empty while it has none
        self.notes = Notes(self)
        self.notes.changed.connect(self.changed)
        self._traces: dict[TraceOrigin, TraceRecord] = {}
        self._evaluations: dict[Key, EvaluationRecord] = {}
        self._curves: dict[Key, CurveRecord] = {}  # by what they are of
        self.repair: RepairRecord | None = None
        self._weights: dict[tuple[str, str], str] = {}
        self._here: dict[tuple[str, str], str] = {}  # hashes as the models were opened in this window
        self._circuits: dict[Step, tuple[Document, CircuitRecord]] = {}

    @property
    def revision(self) -> int:
        """How often something came, or was noted, that would be missed."""
        return self._gained + self.notes.revision

    # ---- what comes ----

    def take_scores(self, document: Document, reply: ScoresReply) -> None:
        """Scores of edges of the present document, also of a part of the work."""
        scores = reply.scores
        if scores is not None and scores.level in ("edges", "edge-spans"):
            self._keep(document, scores, reply.kind, reply.choice, reply.rows, reply.share)

    def take_node_scores(self, document: Document, scores: Scores, kind: EditKind, share: float) -> None:
        """Scores of nodes, or of nodes at positions, of the present document; of those that are made again in no time
        nothing is kept."""
        choice = document.traced_nodes
        if choice is not None and choice.takes_long:
            self._keep(document, scores, kind, choice, document.dataset if choice.over_dataset else (), share)

    def _keep(
        self,
        document: Document,
        scores: Scores,
        kind: EditKind,
        choice: TraceChoice,
        rows: tuple[PairSource, ...],
        share: float,
    ) -> None:
        of = TraceOrigin(
            document.model,
            document.precision,
            document.clean,
            document.counterfactual,
            document.metric,
            document.population,
            kind,
            choice,
            rows,
            document.means[1],
        )
        known = self._traces.get(of)
        if known is not None and same(known.values, scores.values) and same(known.agreement, scores.agreement):
            return
        record = TraceRecord(
            of,
            sizes_of(scores.graph),
            scores.values,
            scores.method,
            dict(scores.about),
            scores.level,
            scores.direction,
            scores.kept,
            scores.agreement,
            scores.constants,
            scores.measured,
            scores.balance,
            scores.spans,
            share,
        )
        self._traces.pop(of, None)
        self._traces[of] = record
        quick = [each for each in self._traces if not each.choice.takes_long]
        for each in quick[:-MOST_QUICK]:
            del self._traces[each]
        while sum(each.values.nbytes for each in self._traces.values()) > MOST_BYTES and len(self._traces) > 1:
            del self._traces[next(iter(self._traces))]
        self._gained += choice.takes_long
        self.changed.emit()

    def take_evaluation(self, record: EvaluationRecord) -> None:
        """All questions about a circuit are answered."""
        self._evaluations[basis_of(record.document, record.kind)] = record
        self._gained += 1
        self.changed.emit()

    def take_curve(self, document: Document, curve: CurveReply) -> None:
        """What circuits of all sizes recover, of the present document."""
        rows = curve.sizes, curve.recovered, curve.band, curve.cpr, curve.cmd, curve.sure, curve.pairs, curve.rule
        record = CurveRecord(document, curve.kind, curve.title, *rows)
        known = self._curves.pop(document.circuits, None)
        is_new = known is None or replace(known, document=document) != record
        self._curves[document.circuits] = record if is_new or known is None else known
        while len(self._curves) > MOST_CURVES:
            del self._curves[next(iter(self._curves))]
        if is_new:
            self._gained += 1
            self.changed.emit()

    def take_repair(self, record: RepairRecord) -> None:
        """The examples of a repair, and what was found of them."""
        if record != (self.repair or RepairRecord()):
            self.repair = record
            self._gained += 1
            self.changed.emit()

    def take_weights(self, model: str, precision: str, weights: str) -> None:
        """The hash of an open model's weights."""
        if self._weights.get((model, precision)) != weights:
            self._weights[model, precision] = weights
            self.changed.emit()

    def take_weights_here(self, model: str, precision: str, weights: str) -> None:
        """The hash of an open model's weights, which may be others than those that all this was found of."""
        self._here[model, precision] = weights

    def take_circuit(self, step: Step, record: CircuitRecord) -> None:
        """The circuit that a step shows."""
        self._circuits[step] = step.document, record

    # ---- where the project lies ----

    def begin_at(self, place: str) -> None:
        """Another project is here, of a file; empty: of none."""
        self.place = place
        self.begun.emit()

    def save_at(self, place: str) -> None:
        """The project goes on in a file."""
        before, self.place = self.place, place
        if place != before:
            self.saved.emit(before, place)

    # ---- what is known ----

    def evaluation(self, document: Document, kind: EditKind) -> EvaluationRecord | None:
        """What was found of the circuit of a document, if it was evaluated."""
        return self._evaluations.get(basis_of(document, kind))

    def curve(self, document: Document) -> CurveRecord | None:
        """What circuits of all sizes recover of a document, where that is known of the weights in this window."""
        return self._curves.get(document.circuits) if self.are_of_weights_here(document.opens) else None

    def weights(self, opens: tuple[str, str]) -> str:
        """The hash that a model had, by its name and its precision; empty where nobody knows."""
        return self._weights.get(opens, "")

    def are_of_weights_here(self, opens: tuple[str, str]) -> bool:
        """Whether what is known of a model was found of the weights it has in this window."""
        return self.weights(opens) in ("", self._here.get(opens, ""))

    @property
    def traces(self) -> tuple[TraceRecord, ...]:
        return tuple(self._traces.values())

    @property
    def evaluations(self) -> tuple[EvaluationRecord, ...]:
        return tuple(self._evaluations.values())

    def into(self, project: Project, steps: Sequence[Step]) -> Project:
        """A project with these records. steps: its own, by number; what is of others is left out."""
        number = {step: place for place, step in enumerate(steps)}
        circuits = tuple(
            replace(record, step=number[step])
            for step, (document, record) in self._circuits.items()
            if step in number and step.document is document
        )
        return replace(
            project,
            models=tuple(ModelRecord(*opens, weights) for opens, weights in self._weights.items()),
            traces=self.traces,
            circuits=tuple(sorted(circuits, key=lambda record: record.step)),
            evaluations=self.evaluations,
            notes=self.notes.as_written(steps),
            curves=tuple(self._curves.values()),
            repair=self.repair,
        )

    def take_project(self, project: Project, steps: Sequence[Step]) -> None:
        """Those of a project, in place of what is known. steps: by their numbers there."""
        self.notes.take(project.notes, steps)
        self._circuits = {steps[each.step]: (steps[each.step].document, each) for each in project.circuits}
        self._traces = {each.of: each for each in project.traces}
        self._evaluations = {basis_of(each.document, each.kind): each for each in project.evaluations}
        self._curves = {each.document.circuits: each for each in project.curves}
        self._weights = {(each.name, each.precision): each.weights for each in project.models if each.weights}
        self.repair = project.repair
        self._gained = 0
        self.changed.emit()
        self.repair_opened.emit()


def basis_of(document: Document, kind: EditKind) -> Key:
    """What an evaluation depends on. kind: what removed edges carry."""
    return (*document.basis, kind, document.traced, document.rule, document.size)
