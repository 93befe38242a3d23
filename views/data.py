"""What the views draw: plain values that the application fills in.

No view computes these. Arrays are numpy, shapes in brackets; numbers are in the unit of the metric unless a
field says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.formatting import is_below_noise
from core.graph import Edge, Graph, Node

Target = Node | Edge


@dataclass(frozen=True)
class EdgeMark:
    """One edge on the canvas. `value` is its score (positive raises the metric), None while nothing is known
    of it. direction: A's, by which the score has its hue (`core.tracing.meaning`)."""

    index: int  # in the graph
    value: float | None = None
    measured: bool = False  # solid; otherwise dashed
    edited: EditKind | None = None  # drawn broken
    label: str = ""  # beside the break: the measured change of the metric
    signed: bool = True  # whether the sign of its value says anything; else it is drawn without a hue
    direction: int | None = 1
    below_noise: bool = False  # measured, but by rounding alone, perhaps: never solid


@dataclass(frozen=True)
class NodeMark:
    """What is special about a node on the canvas."""

    edited: EditKind | None = None
    label: str = ""  # the measured change of the metric
    named: bool = False  # shown with its name and a full outline: it takes part in a shown edge
    score: float | None = None  # its fill on the second level; positive raises the metric


@dataclass(frozen=True, eq=False)
class NodeChanges:
    """What the edits do to the nodes, in the order of `graph.nodes`. reached: [nodes], those downstream of an edit.
    values: [nodes], the measured change of each one's output as a share of it; None until it is measured."""

    reached: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class NodeScores:
    """Scores of nodes, in the order of `graph.nodes`: positive raises the metric, if they are `signed`; NaN where there
    is none. values: [nodes]. how: "estimated", "measured", "scored", "drawn". at: [nodes, position], where positions
    were scored. direction: A's, by which they have their hue."""

    values: NDArray[np.float64]
    how: str = "estimated"
    at: NDArray[np.float64] | None = None
    signed: bool = True
    direction: int | None = 1


@dataclass(frozen=True)
class GroupMark:
    """A group of nodes. color: one of `views.theme.GROUP_COLORS`."""

    name: str
    color: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class CanvasData:
    """Everything the canvas shows."""

    graph: Graph
    edges: tuple[EdgeMark, ...] = ()
    nodes: Mapping[Node, NodeMark] = field(default_factory=dict)
    selection: tuple[Target, ...] = ()
    input_label: str = "input"  # "input · token + position", "input · patch + position"
    output_label: str = "logits"  # "logits", "class scores", "embedding"
    stale: bool = False  # the numbers are of an earlier state: dim them
    weaker: int = 0  # edges of the selected nodes that are not shown
    weaker_of: str = ""  # whose they are
    changes: NodeChanges | None = None  # the fill of the nodes
    groups: tuple[GroupMark, ...] = ()
    scores: NodeScores | None = None  # the fill of the nodes, where no edit gives them one
    how: str = "estimated"  # the edges' scores, where they are not measured: "scored", "drawn"
    signed: bool = True  # whether the sign of these says anything
    beside: int = 0  # edges that are shown and do not belong to the circuit: of the selection, and edited ones
    direction: int | None = 1  # A's, by which the hues are
    over: str = ""  # "24 pairs": what the edges are scored over; empty for the pair on the cards, as edits are


@dataclass(frozen=True)
class TokenChip:
    text: str  # as shown: a leading space is drawn as a thin mark by the view
    index: int
    differs: bool = False  # from the other card at the same position


@dataclass(frozen=True)
class CardData:
    """Input card A or B."""

    letter: Literal["A", "B"]
    kind: Literal["text", "image"]
    text: str = ""
    tokens: tuple[TokenChip, ...] = ()
    image: NDArray[np.uint8] | None = None  # [height, width, 3]: what the model really sees
    grid: tuple[int, int] | None = None  # patch rows, patch columns
    name: str = ""  # of the image's file
    notes: tuple[str, ...] = ()  # what was done to the image, spaces at the ends of the text
    problem: str = ""  # why it cannot run, and what to do
    awaited: bool = False  # the model has not read it yet


@dataclass(frozen=True)
class MetricChoice:
    """The metric as the user sets it. `target` and `foil` are answers as text or class names."""

    kind: str
    target: str = ""
    foil: str = ""


@dataclass(frozen=True)
class MetricOption:
    """One entry of the metric list: its kind, its words, and which answers it needs."""

    kind: str
    words: str
    needs_target: bool = False
    needs_foil: bool = False


@dataclass(frozen=True)
class PredictionRow:
    """An answer's probability, or a cosine. key: what to pin the answer by; empty where it cannot be pinned.
    below_noise: whether rounding alone may have made its change."""

    label: str
    before: float
    after: float
    in_b: float | None = None  # for B's own run; None without a B
    pinned: bool = False
    key: str = ""
    below_noise: bool = False


@dataclass(frozen=True)
class PredictionsData:
    """Before and after. `unit` says what the rows are: probabilities, class probabilities, cosines. rows: the pinned
    ones first, then the others, the likeliest first; the view shows as many as it was told to."""

    unit: Literal["probability", "cosine"]
    rows: tuple[PredictionRow, ...]
    metric_name: str
    metric_before: float
    metric_after: float
    edited: bool  # any edits at all
    run_words: str = ""  # "14 ms · 0.12 of a forward · layers 24–29"
    stale: bool = False
    preview: str = ""  # the step of the history that this is of, where it is not the present state
    direction: int | None = 1  # A's: which changes of the metric lead towards A
    noise_floor: float = 0.0  # of the metric: a smaller change is rounding

    @property
    def below_noise(self) -> bool:
        """Whether rounding alone may have made the change of the metric."""
        return self.edited and is_below_noise(self.metric_after - self.metric_before, self.noise_floor)


@dataclass(frozen=True)
class Link:
    """One row of "reads most" and "writes most to"."""

    edge: int
    name: str  # the other end
    value: float
    signed: bool = True  # whether the sign of its value says anything
    direction: int | None = 1  # A's, by which it has its hue


@dataclass(frozen=True)
class NodeInspection:
    """The inspector for a node."""

    node: Node
    title: str
    subtitle: str
    attention: NDArray[np.float32] | None = None  # [query position, key position], rows sum to 1
    labels: tuple[str, ...] = ()  # of the positions
    image: NDArray[np.uint8] | None = None  # [height, width, 3]
    grid: tuple[int, int] | None = None
    prefix: int = 0  # positions before the first patch (CLS, registers)
    reads: tuple[Link, ...] = ()
    writes: tuple[Link, ...] = ()
    estimated: float | None = None  # change of the metric for the tool bar's kind of edit
    measured: float | None = None
    kind_words: str = ""  # the kind of edit of the two figures
    edited: EditKind | None = None
    has_counterfactual: bool = False
    factor: float | None = None  # of the present scale edit
    waits: bool = False  # its patch cannot be made now, so there is nothing to measure
    strength: float = 1.0  # of the present edit, from 0 to 1; of steering its coefficient
    has_dataset: bool = False
    note: str = ""  # why there is no estimate, or that it is not of what the measurement is of
    links_of: str = ""  # what the scores of what it reads and writes are over: "estimated over 24 pairs"
    estimated_of: str = ""  # what each is of, in a word or two, where they are not of the same
    measured_of: str = ""
    noise_floor: float = 0.0  # of the metric in half precision: a smaller measured effect is rounding
    direction: int | None = 1  # A's: which changes of the metric lead towards A


@dataclass(frozen=True)
class EdgeInspection:
    """The inspector for an edge."""

    edge: Edge
    title: str
    estimated: float | None
    measured: float | None
    kind_words: str
    edited: EditKind | None = None
    has_counterfactual: bool = False
    factor: float | None = None  # of the present scale edit
    waits: bool = False  # its patch cannot be made now, so there is nothing to measure
    strength: float = 1.0  # of the present edit, from 0 to 1; of steering its coefficient
    has_dataset: bool = False
    note: str = ""  # why there is no estimate, or that it is not of what the measurement is of
    estimated_of: str = ""  # what each is of, in a word or two, where they are not of the same
    measured_of: str = ""
    noise_floor: float = 0.0  # of the metric in half precision: a smaller measured effect is rounding
    direction: int | None = 1  # A's: which changes of the metric lead towards A


@dataclass(frozen=True)
class EditRow:
    """One row of the list of edits."""

    key: int
    name: str
    words: str  # "from B", "zero", "scale 0.5"


@dataclass(frozen=True)
class PackRow:
    """A model pack on the welcome page."""

    name: str  # for `pack:NAME`
    title: str
    description: str
    size_words: str  # "92 MB"
    installed: bool = False
    license: str = ""
