"""The project file's `project.json`, version 6, as msgspec checks it. A change here is another VERSION, with a row in
`core.project.migrations`.

What many steps share (documents, inputs, edits, rows of a dataset) stands once in a table, and is referred to by its
number there. What is large lies in files of its own beside it: pictures by the hash of their bytes, numbers as
safetensors. resources/docs/project-file.md describes all of it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from core.edit_kinds import EditKind
from core.inputs import corruption_kinds
from core.notes import About
from core.project.repair_schema import RepairData
from core.project.schema_types import (
    MOST_EDITS,
    MOST_INPUTS,
    MOST_LISTED,
    MOST_POINTS,
    MOST_STEPS,
    Figure,
    Hash,
    ModelName,
    Name,
    Number,
    Place,
    Share,
)
from core.tracing.options import Level

FORMAT = "wirescope project"
VERSION: Final = 6


class _Struct(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Header(msgspec.Struct):
    """What tells a file's version, before all of it is read."""

    format: str
    version: Annotated[int, Meta(ge=1)]


class CorruptionData(_Struct):
    """other, mask: paths of pictures; other_picture, mask_picture: the hashes of their bytes, where the file holds
    them. earlier: what was done to the picture before."""

    kind: corruption_kinds.ImageKind
    patches: list[Number] = []
    seed: int = 0
    other: Name = ""
    other_picture: Hash = ""
    mask: Name = ""
    mask_picture: Hash = ""
    text: str = ""
    size: Annotated[float, Meta(gt=0, le=1)] = corruption_kinds.WORD_SIZE
    place: corruption_kinds.Place = "centre"
    sticker: bool = True
    earlier: CorruptionData | None = None


class SourceData(_Struct):
    """picture: the hash of the picture's bytes, which are the file `pictures/HASH`. given: the bytes alone are the
    input, without a path."""

    kind: Literal["text", "image"]
    text: str = ""
    path: Name = ""
    picture: Hash = ""
    given: bool = False
    name: Name = ""
    corruption: CorruptionData | None = None


class RowData(_Struct):
    clean: Number
    counterfactual: Place = -1
    target: str = ""
    foil: str = ""


Rows = Annotated[list[RowData], Meta(max_length=MOST_INPUTS)]


class MetricData(_Struct):
    kind: Name
    target: str = ""
    foil: str = ""


class TraceChoiceData(_Struct):
    method: Name
    options: list[tuple[Name, float]] = []
    over_dataset: bool = False
    file: Name = ""
    level: Level = "edges"


class EditData(_Struct):
    """target: as edges and nodes are written everywhere, "a1.h2->m3"; "a1.h2[3]" are weights of attention. vector:
    the number of a steering vector in `vectors.safetensors`."""

    target: Name
    kind: EditKind
    positions: list[int | str] | None = None
    value: float | None = None
    vector: Place = -1
    strength: float = 1.0
    seed: int = 0


class GroupData(_Struct):
    name: Name
    color: Name
    nodes: list[Name]


class DocumentData(_Struct):
    """clean, counterfactual: in `sources`. edits, groups: in `edits`, `groups`. dataset: in `datasets`; 0: no rows.
    one_mean: a mean is one over all positions."""

    model: ModelName
    clean: Place = -1
    counterfactual: Place = -1
    metric: MetricData | None = None
    edits: Annotated[list[Number], Meta(max_length=MOST_EDITS)] = []
    replacement: EditKind | None = None
    choice: TraceChoiceData | None = None
    traced: TraceChoiceData | None = None
    traced_nodes: TraceChoiceData | None = None
    groups: list[Number] = []
    size: Annotated[int, Meta(ge=0)] | None = None
    rule: Name = ""
    dataset: Number = 0
    pinned: list[str] = []
    precision: Name = "fp32"
    one_mean: bool = False
    regions: dict[Name, list[Number]] = {}


class PredictionData(_Struct):
    label: str
    before: Figure
    after: Figure
    in_b: Figure | None = None
    pinned: bool = False
    key: str = ""
    below_noise: bool = False


class OutcomeData(_Struct):
    metric_name: str
    before: Figure
    after: Figure
    unit: str
    rows: list[PredictionData] = []
    edited: bool = False
    noise_floor: Figure = 0.0
    direction: Literal[-1, 0, 1] | None = 1


class RecoveryData(_Struct):
    share: Figure
    words: str


class StepData(_Struct):
    """parent: the number of an earlier step; -1 of the first one alone."""

    words: str
    document: Number
    parent: Place = -1
    merge: str = ""
    opens: bool = False
    outcome: OutcomeData | None = None
    recovery: RecoveryData | None = None
    latest: Place = -1


class ModelData(_Struct):
    name: ModelName
    precision: Name
    weights: Hash


Count = Annotated[int, Meta(ge=1, le=10_000)]


class GraphData(_Struct):
    layers: Count
    heads: Count
    kv_heads: Count
    parallel: bool = False
    coupled: bool = False
    text: tuple[Count, Count, Count, bool, bool] | None = None  # the same of the text tower, where there are two


class TraceData(_Struct):
    """Scores; their numbers are `traces/N.safetensors`, N the place in the list. model, clean, counterfactual, metric,
    population, kind, choice, rows, one_mean: what they are of."""

    model: ModelName
    precision: Name
    clean: Place
    counterfactual: Place
    metric: MetricData | None
    population: Number
    kind: EditKind
    choice: TraceChoiceData
    rows: Number
    graph: GraphData
    method: Name
    about: dict[str, str] = {}
    level: Level = "edges"
    direction: Literal[-1, 0, 1] | None = None
    balance: list[tuple[Number, float]] | None = None
    spans: list[Name] = []
    share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    one_mean: bool = False


class CircuitData(_Struct):
    """Its edges and their scores are `circuits/N.safetensors`."""

    name: str
    step: Number
    graph: GraphData
    about: dict[str, str] = {}


class StatementData(_Struct):
    title: str
    figure: str
    words: str
    tone: Literal["plain", "against", "unknown"] = "plain"
    detail: str = ""
    tip: str = ""
    verdict: str = ""
    severity: float = 0.0
    input: str = ""


class EvaluationData(_Struct):
    document: Number
    kind: EditKind
    pairs: Number
    statements: list[StatementData]
    heading: str = ""


Points = Annotated[list[float], Meta(max_length=MOST_POINTS)]


class CurveData(_Struct):
    """As `core.project.curves.CurveRecord`. low, high: of its band; sure: two rows, or none."""

    document: Number
    kind: EditKind
    by: Name
    sizes: Annotated[list[Number], Meta(max_length=MOST_POINTS)]
    recovered: Points
    low: Points
    high: Points
    cpr: float
    cmd: float
    sure: Annotated[list[Points], Meta(max_length=2)] = []
    pairs: Number = 0
    rule: Name = ""


class RunData(_Struct):
    """graph: of its circuit, whose edges are `runs/N.safetensors`; None: it has none."""

    kind: Literal["trace", "evaluation", "scan", "repair", "heads", "study"]
    when: Annotated[float, Meta(ge=0, le=2.5e11)]  # seconds since 1970, of years that have four digits
    document: Number
    replacement: EditKind | None
    by: Name = ""
    metric: Name = ""
    pairs: Number = 0
    seconds: Annotated[float, Meta(ge=0)] | None = None
    step: Place = -1
    cpr: float | None = None
    cmd: float | None = None
    size_at_80: Number | None = None
    stability: float | None = None
    graph: GraphData | None = None
    about: dict[str, str] = {}


class NoteData(_Struct):
    """As `core.notes.Note`."""

    about: About
    target: Name
    text: str = ""
    name: Name = ""
    model: ModelName = ""


Nearness = Annotated[float, Meta(gt=0, le=1e4)]
Middle = Annotated[float, Meta(ge=-10, le=10)]


class ViewData(_Struct):
    """As `core.project.project.View`."""

    selection: list[Name] = []
    positions: list[Number] = []
    docks: list[Name] = []
    front: list[Name] = []
    sizes: dict[Name, tuple[Share, Share]] = {}
    level: Literal["components", "positions"] = "components"
    eye: tuple[Nearness, Middle, Middle] | None = None


class ProjectData(_Struct):
    """The whole of `project.json`. made_by: the version of Wirescope that wrote it."""

    format: Literal["wirescope project"]
    version: Literal[6]
    documents: Annotated[list[DocumentData], Meta(min_length=1, max_length=MOST_STEPS)]
    steps: Annotated[list[StepData], Meta(min_length=1, max_length=MOST_STEPS)]
    current: Number = 0
    made_by: Name = ""
    sources: Annotated[list[SourceData], Meta(max_length=MOST_INPUTS)] = []
    datasets: Annotated[list[Rows], Meta(max_length=MOST_LISTED)] = []
    edits: Annotated[list[EditData], Meta(max_length=MOST_EDITS)] = []
    groups: Annotated[list[GroupData], Meta(max_length=MOST_LISTED)] = []
    models: Annotated[list[ModelData], Meta(max_length=MOST_LISTED)] = []
    traces: Annotated[list[TraceData], Meta(max_length=MOST_LISTED)] = []
    circuits: Annotated[list[CircuitData], Meta(max_length=MOST_LISTED)] = []
    evaluations: Annotated[list[EvaluationData], Meta(max_length=MOST_LISTED)] = []
    names: dict[Name, str] = {}  # of nodes of any model; written as notes that have names
    notes: list[NoteData] = []
    view: ViewData | None = None
    runs: Annotated[list[RunData], Meta(max_length=MOST_LISTED)] = []
    curves: Annotated[list[CurveData], Meta(max_length=MOST_LISTED)] = []
    repair: RepairData | None = None
