"""All that a project holds: the history with its figures, what was found out beside it, and how the window showed it.
Plain values: `core.project.wire_file` writes them to a file and reads them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.edit_kinds import EditKind
from core.evaluation.statement import Statement
from core.notes import Note
from core.project.curves import CurveRecord
from core.project.document import Document, PairSource, Source
from core.project.equality import EqualArrays
from core.project.history import History, Recovery, Step
from core.project.metric_choice import MetricChoice
from core.project.outcome import Outcome
from core.project.repairs import RepairRecord
from core.project.runs import RunRecord
from core.project.trace_choice import TraceChoice
from core.towers_graph import Sizes
from core.tracing.options import Level


@dataclass(frozen=True)
class StepRecord:
    """A step of the history, by numbers: parent of the step before it, latest of the child that redo goes to; -1 where
    there is none."""

    words: str
    document: Document
    parent: int = -1
    merge: str = ""
    opens: bool = False
    outcome: Outcome | None = None
    recovery: Recovery | None = None
    latest: int = -1


@dataclass(frozen=True)
class ModelRecord:
    """A model that was open. weights: their hash (`core.models.fingerprint`)."""

    name: str
    precision: str
    weights: str


@dataclass(frozen=True)
class TraceOrigin:
    """What scores are of: the model, the pair on the cards, the metric, what means are over, what removed
    edges carry, how they were traced, over which rows of the dataset (none: the pair), and whether a
    mean is one over all positions."""

    model: str
    precision: str
    clean: Source | None
    counterfactual: Source | None
    metric: MetricChoice | None
    population: tuple[PairSource, ...]
    kind: EditKind
    choice: TraceChoice
    rows: tuple[PairSource, ...] = ()
    one_mean: bool = False


@dataclass(frozen=True, eq=False)
class TraceRecord(EqualArrays):
    """Scores, as `core.tracing.scores.Scores` has them, without a model library. graph: layers, heads, K/V heads, and
    whether it is parallel and coupled. values: [edges], [writers], [writers, position] or [edges, spans], NaN where
    there is none. share: of the work that is done."""

    of: TraceOrigin
    graph: Sizes
    values: NDArray[np.float64]
    method: str
    about: Mapping[str, str] = field(default_factory=dict)
    level: Level = "edges"
    direction: Literal[-1, 0, 1] | None = None
    kept: NDArray[np.bool_] | None = None
    agreement: NDArray[np.float64] | None = None
    constants: NDArray[np.float32] | None = None
    measured: NDArray[np.bool_] | None = None
    balance: tuple[tuple[int, float], ...] | None = None
    spans: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class CircuitRecord(EqualArrays):
    """A circuit as it was shown at a step: edges by their number in the graph, most important first, and their
    scores."""

    name: str
    step: int
    graph: Sizes
    edges: NDArray[np.int64]
    values: NDArray[np.float64] | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EvaluationRecord:
    """How far the circuit of a document's `size` best edges could be trusted. heading: what it was of, in words."""

    document: Document
    kind: EditKind
    pairs: int
    statements: tuple[Statement, ...]
    heading: str = ""


@dataclass(frozen=True)
class View:
    """How the window showed it. selection: names of nodes and edges. docks: the panels shown, by key; front: those of
    them that lay before others. sizes: of panels, as shares of the room's width and height; none where nobody had
    changed them. level: of the canvas. eye: how near the canvas was seen (1: all of it just fits) and what was in the
    middle, as shares of its width and height; None: all of it."""

    selection: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    docks: tuple[str, ...] = ()
    front: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    level: Literal["components", "positions"] = "components"
    eye: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Project:
    """steps: each after the one that it follows, the first one first; at least one. current: the number of the present
    step."""

    steps: tuple[StepRecord, ...]
    current: int = 0
    models: tuple[ModelRecord, ...] = ()
    traces: tuple[TraceRecord, ...] = ()
    circuits: tuple[CircuitRecord, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    notes: tuple[Note, ...] = ()
    view: View = field(default_factory=View)
    runs: tuple[RunRecord, ...] = ()
    curves: tuple[CurveRecord, ...] = ()
    repair: RepairRecord | None = None

    @property
    def document(self) -> Document:
        """The present one."""
        return self.steps[self.current].document

    def weights_of(self, document: Document) -> str:
        """The hash of the weights that a document's model had; empty where it is not known."""
        known = (each.weights for each in self.models if (each.name, each.precision) == document.opens)
        return next(known, "")


def records_of(history: History) -> tuple[tuple[StepRecord, ...], int]:
    """The steps of a history, and the number of the present one."""
    steps = [step for step, _ in history.steps()]
    number = {id(step): place for place, step in enumerate(steps)}
    records = tuple(
        StepRecord(
            step.words,
            step.document,
            -1 if step.parent is None else number[id(step.parent)],
            step.merge,
            step.opens,
            step.outcome,
            step.recovery,
            -1 if step.latest is None else number[id(step.latest)],
        )
        for step in steps
    )
    return records, number[id(history.current)]


def steps_of(records: tuple[StepRecord, ...], current: int) -> tuple[Step, Step]:
    """The first step of a tree, and the present one."""
    steps: list[Step] = []
    for record in records:
        parent = steps[record.parent] if record.parent >= 0 else None
        step = Step(record.words, record.document, parent, record.merge, record.opens)
        step.outcome, step.recovery = record.outcome, record.recovery
        if parent is not None:
            parent.children.append(step)
        steps.append(step)
    for step, record in zip(steps, records, strict=True):
        step.latest = steps[record.latest] if record.latest >= 0 else None
    return steps[0], steps[current]
