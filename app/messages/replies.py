"""What the worker replies to a request, in parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from core.edits import Edit, EditKind, EditTarget, Target
from core.graph import Graph
from core.project.document import PairSource
from core.project.metric_choice import MetricChoice
from core.project.outcome import PredictionRow
from core.project.trace_choice import ESTIMATES, TraceChoice
from core.tracing.meaning import Meaning
from core.tracing.ranking import Ranking
from core.tracing.selection import USUAL
from views.canvas.positions.data import Positions
from views.panels.inputs.data import CardData, MetricOption

if TYPE_CHECKING:
    from core.tracing.scores import Scores  # takes torch with it


@dataclass(frozen=True)
class TaskWords:
    """A built-in task that the model takes: its name in code, its title, what it asks."""

    name: str
    title: str
    about: str


@dataclass(frozen=True)
class ModelReply:
    """A model is open."""

    number: int
    name: str
    title: str
    details: str  # "30 layers · 9 heads · fp32 · cpu"
    graph: Graph
    is_text: bool
    has_head: bool
    class_names: tuple[str, ...]
    metric_options: tuple[MetricOption, ...]
    input_label: str
    output_label: str
    prefix: int
    tasks: tuple[TaskWords, ...] = ()
    precision: str = "fp32"
    takes_ids: bool = False  # of text, as its folder has no tokenizer
    writes_text: bool = False  # its answers are next tokens
    takes_class_texts: bool = False  # its classes are texts that the user writes
    takes_probe: bool = False  # it has no classes of its own, or those of a probe
    reads_both: bool = False  # a probe may read its class token beside the mean of the patches
    class_templates: tuple[str, ...] = ()  # the sentences that these stand in
    windows: tuple[int | None, ...] = ()  # by layer: how many positions back a query sees; None: all
    sinks: tuple[bool, ...] = ()  # by layer: whether attention may go nowhere
    first_texts: tuple[str, str] | None = None  # A and B, where it has not the words of those there or the usual ones


@dataclass(frozen=True)
class InputsReply:
    """The inputs are in: what the model sees of them, and how well the engine agrees with the model."""

    number: int
    card_a: CardData
    card_b: CardData
    labels: tuple[str, ...]
    parity: str
    has_counterfactual: bool
    metric_name: str
    metric: MetricChoice
    metric_problem: str
    metric_note: str  # which metric is shown instead, or that its answers are unlikely
    answers: tuple[str, ...]
    metric_fix: MetricChoice | None = None  # the metric as it was meant: with a space, or without
    metric_likely: MetricChoice | None = None  # with the likely answers, where none of the metric's is likely
    foils: tuple[str, ...] = ()  # to offer for the foil, B's likeliest first
    noise_floor: float = 0.0  # of the metric, in half precision: smaller effects are rounding
    rounding: float | None = None  # by how much 8-bit weights change a logit; None of other weights
    worker_bytes: int = 0  # that a process of a job holds, which works on inputs as long as these


@dataclass(frozen=True)
class RunReply:
    """A run with the document's edits."""

    number: int
    edits: tuple[Edit, ...]
    unit: Literal["probability", "cosine"]
    rows: tuple[PredictionRow, ...]
    metric_name: str
    before: float
    after: float
    words: str
    megabytes: float
    noise_floor: float = 0.0  # of the metric: a smaller change is rounding


@dataclass(frozen=True)
class DeltasReply:
    """What each edit does on top of the others, on the pair on the cards: metric with it minus metric without it. An
    edit is of a node, an edge, or of entries of attention."""

    number: int
    values: Mapping[EditTarget, float]
    alone: bool = False  # the scores are over a dataset


@dataclass(frozen=True, eq=False)
class ScoresReply:
    """Scores of all edges. title: of the method, as the menu has it, or the file that they were read from. pairs: of
    the dataset that they are over; 0: the pair on the cards. share: of the work that is done; the scores of a part have
    edges without one."""

    number: int
    ranking: Ranking
    kind: EditKind
    method: str
    title: str
    pairs: int = 0
    share: float = 1.0
    from_file: bool = False
    file_pairs: int = 0  # that the file says they are over
    of: str = ""  # tells these scores from all others of the same model, inputs and metric
    about: Mapping[str, str] = field(default_factory=dict)  # what the method was told
    rule: str = USUAL  # by which circuits are chosen
    rule_problems: Mapping[str, str] = field(default_factory=dict)  # why the others cannot choose; empty where they can
    scores: Scores | None = None  # as they are: what their file holds beside the ranking
    choice: TraceChoice = ESTIMATES  # how they were traced, and over these rows of the dataset:
    rows: tuple[PairSource, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether every edge was really edited."""
        return self.ranking.exact

    @property
    def meaning(self) -> Meaning:
        """What the scores are: estimates of an effect, or what must not be taken for one."""
        return self.ranking.meaning

    @property
    def values(self) -> NDArray[np.float64]:
        """[edges]"""
        return self.ranking.values


@dataclass(frozen=True)
class InspectionReply:
    """What the inspector shows of the selected node or edge."""

    number: int
    target: Target
    kind: EditKind
    measured: float | None
    attention: NDArray[np.float32] | None
    positions: tuple[int, ...] = ()  # where it was edited; none: at all
    alone: bool = False  # on the pair on the cards, while the scores are over a dataset


@dataclass(frozen=True)
class RecoveryReply:
    """What the circuit of the best `size` edges recovers of the metric, and as many random edges do. missed: the share
    that was looked for, where no circuit that can be drawn, of up to `tried` edges, recovers it. is_small: whether this
    one recovers enough to be looked at; else it is only the best that was tried. is_search: a search has kept just
    these edges."""

    number: int
    size: int
    edges: int  # of the whole graph
    share: float
    random: float
    method: str
    kind: EditKind
    pairs: int = 0  # of the dataset that was traced
    missed: float = 0.0
    tried: int = 0
    is_small: bool = True
    is_search: bool = False


@dataclass(frozen=True, eq=False)
class KeptPositions:
    """Of a circuit that keeps edges at some positions only: where, by the number of an edge, and in words."""

    positions: Mapping[int, frozenset[int]]
    words: str

    def holds(self, edge: int, column: Positions) -> bool:
        """Whether an edge is kept anywhere in a column; an edge outside the circuit shows everywhere."""
        return edge not in self.positions or not self.positions[edge].isdisjoint(column)


@dataclass(frozen=True)
class CircuitRunReply:
    """The run of the circuit of the best `size` edges: the share of the metric that it recovers, and what as many
    random edges recover. connected: of them, those on a path from input to output. whole, nothing: the metric with all
    edges and with none. Over a dataset, means over its `pairs`; band: of the share, 95 % by bootstrap over them.
    accuracy, whole_accuracy: the share of pairs that the circuit, and the whole model, answers rightly; None for a
    model that gives no answers. of: the scores that ranked its edges, as `ScoresReply.of` has it."""

    number: int
    size: int
    connected: int
    share: float
    random: float
    metric: float
    whole: float
    nothing: float
    kind: EditKind
    pairs: int = 0
    band: tuple[float, float] | None = None
    accuracy: float | None = None
    whole_accuracy: float | None = None
    of: str = ""


@dataclass(frozen=True, eq=False)
class CurveReply:
    """The faithfulness curve of the scores. band: [2, points], lowest and highest of random circuits. sure: [2,
    points], 95 % by bootstrap over the `pairs` of a dataset; None for the pair on the cards."""

    number: int
    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    band: NDArray[np.float64]
    cpr: float
    cmd: float
    kind: EditKind
    title: str  # of the method
    sure: NDArray[np.float64] | None = None
    pairs: int = 0
    rule: str = USUAL


@dataclass(frozen=True)
class TraceRefusal:
    """The trace that was asked for cannot be made, and why."""

    number: int
    message: str
    hint: str = ""
