"""What the engine has said of the present document: its model, its inputs, the run, what each edit does, the selection,
the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from app.messages.replies import (
    CircuitRunReply,
    DeltasReply,
    InputsReply,
    InspectionReply,
    ModelReply,
    RecoveryReply,
    RunReply,
    ScoresReply,
)
from app.messages.standing import (
    DeltasQuery,
    EffectsQuery,
    InputsQuery,
    InspectQuery,
    LabelsQuery,
    RunQuery,
    ScoresQuery,
)
from app.presenters.score_words import scored_words
from app.workbench.figure import Figure
from app.workbench.worker_client import WorkerClient
from core.edits import EditTarget, Target
from core.project.document import Document
from core.project.project import EvaluationRecord


@dataclass
class Known:
    """What is known of a document's inputs and metric. measured: changes of the metric by edits over the pairs that the
    scores are over; deltas: by the edits in place, on the pair on the cards. evaluation: the last whole one,
    which says what it is of."""

    scored: ScoresReply | None = None
    inspected: InspectionReply | None = None
    recovered: RecoveryReply | None = None
    kept: CircuitRunReply | None = None  # the run of a circuit that came last
    evaluation: EvaluationRecord | None = None
    measured: dict[EditTarget, float] = field(default_factory=dict)
    deltas: dict[EditTarget, float] = field(default_factory=dict)


class Results(QObject):
    """Takes the worker's replies, and drops what a change makes worthless.

    document: the one that `known` is of. opened: the model that is open. inputs, run: the last that were read and made,
    of the documents that they name."""

    canvas_changed = Signal()  # something that the canvas shows
    selection_known = Signal()  # something that the inspector shows
    edges_measured = Signal(object)  # changes of the metric by edges that the user had measured
    recovered = Signal()
    message = Signal(str)

    def __init__(self, client: WorkerClient, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.known = Known()
        self.opened: ModelReply | None = None
        self.inputs: Figure[InputsReply] | None = None
        self.run: Figure[RunReply] | None = None
        self._said_why = False  # no edge is shown
        client.on(DeltasReply, self._take_deltas)
        client.on(InspectionReply, self._take_inspected)
        client.on(ScoresReply, self._take_scores)
        client.on(RecoveryReply, self._take_recovered)
        client.on(CircuitRunReply, self._take_kept)

    def take_opened(self, opened: ModelReply) -> None:
        self.opened = opened

    def take_inputs(self, inputs: InputsReply) -> None:
        self.inputs = Figure(InputsQuery(), inputs, self.document)

    def take_run(self, run: RunReply) -> None:
        self.run = Figure(RunQuery(), run, self.document)

    @property
    def labels(self) -> tuple[str, ...]:
        """Of the positions of A; none until it is read."""
        read = self.inputs
        return read.reply.labels if read is not None and LabelsQuery().holds(read.document, self.document) else ()

    @property
    def inputs_of_present(self) -> InputsReply | None:
        """What is known of the present inputs and metric; None until they are read."""
        return self.inputs.reply if self.inputs is not None and self.inputs.holds(self.document) else None

    @property
    def run_is_present(self) -> bool:
        """Whether the last run was of the present document."""
        return self.run is not None and self.run.holds(self.document)

    @property
    def run_of_present_model(self) -> RunReply | None:
        """The last run; None where it was of another model than the present one, or that one is not open."""
        of_this = self.run is not None and self.run.document.opens == self.document.opens
        return self.run.reply if self.run is not None and self.opened is not None and of_this else None

    def follow(self, document: Document) -> None:
        """Drop what is not true of another document. While a slider moves, what it was at before stays, dimmed."""
        before, self.document = self.document, document
        if document.session != before.session:
            self.known = Known()  # another one: the one before may come back with what it was of
            return
        before, document = before.at_full_strength, document.at_full_strength
        if not ScoresQuery().holds(before, document):
            self.known.scored = None
        if not DeltasQuery().holds(before, document):
            self.known.deltas = {}
        if self.known.inspected is not None and not InspectQuery(self.known.inspected.target).holds(before, document):
            self.known.inspected = None
        if not EffectsQuery().holds(before, document):
            self.known.measured = {}

    def forget_model(self) -> None:
        """Another one is to be opened: nothing of the one before can stand beside it."""
        self.opened, self.inputs = None, None

    def forget_figures(self) -> None:
        """All of them are of other weights than the model turns out to have."""
        self.known = Known()
        self.forget_runs()

    def forget_runs(self) -> None:
        """A cannot be run."""
        self.inputs, self.run = None, None

    def put_back(self, document: Document, known: Known | None) -> None:
        """The document is one of before, of which all this was known."""
        self.document, self.known = document, self.known if known is None else known

    def _take_deltas(self, deltas: DeltasReply) -> None:
        self.known.deltas.update(deltas.values)
        if not deltas.alone:
            self.known.measured.update(deltas.values)
        self.canvas_changed.emit()

    def take_measured(self, values: Mapping[Target, float]) -> None:
        """Real effects of edges that the user had measured, each edited alone beside the document's edits."""
        self.known.measured.update(values.items())
        self.edges_measured.emit(values)
        self.canvas_changed.emit()

    def forget_measured(self) -> None:
        """Effects that were measured one by one are to be measured anew."""
        self.known.measured = {}
        self.canvas_changed.emit()

    def _take_inspected(self, reply: InspectionReply) -> None:
        self.known.inspected = reply
        if reply.measured is not None and not reply.positions and not reply.alone:
            self.known.measured[reply.target] = reply.measured
        self.canvas_changed.emit()
        self.selection_known.emit()

    def _take_scores(self, scored: ScoresReply) -> None:
        before, self.known.scored = self.known.scored, scored
        if before is not None and before.pairs != scored.pairs:  # what was measured is over other pairs than these
            self.known.measured = {} if scored.pairs else dict(self.known.deltas)
        why = scored_words(scored)
        if why or self._said_why:
            self.message.emit(why)  # or that it is over
        self._said_why = bool(why)
        self.canvas_changed.emit()
        self.selection_known.emit()

    def _take_recovered(self, reply: RecoveryReply) -> None:
        self.known.recovered = reply
        self.recovered.emit()

    def _take_kept(self, kept: CircuitRunReply) -> None:
        self.known.kept = kept
