"""What the inspector's further sections draw: plain values that the application fills in, as in `views.canvas.data`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind, Target
from core.graph import Edge, Node


@dataclass(frozen=True)
class LogitLensRow:
    """An answer that is pushed. value: logits above the mean of all answers, or a probability. asked: it is one of the
    metric's answers."""

    label: str
    value: float
    asked: bool = False


@dataclass(frozen=True)
class LogitLensData:
    """The logit lens at one position, and the direct share of the metric. why: why there is nothing; then the rest is
    empty. at: the position in words. share: logits, of `words`; rank 1 is the largest of `of` nodes. warning: what
    speaks against what the stream says."""

    at: str = ""
    node: tuple[LogitLensRow, ...] = ()
    stream: tuple[LogitLensRow, ...] = ()
    words: str = ""
    share: float | None = None
    largest: float = 0.0  # size of the largest share of any node
    rank: int = 0
    of: int = 0
    why: str = ""
    warning: str = ""


@dataclass(frozen=True)
class TraitChip:
    """A score of a head's behaviour: "previous token .92"; its definition and source."""

    words: str
    tip: str
    strong: bool


@dataclass(frozen=True)
class ByPositionRow:
    """One position: how long the vector is that the node writes there, and what editing it there does."""

    position: int
    label: str
    norm: float
    effect: float | None


@dataclass(frozen=True)
class ByPositionData:
    """rows: for the effects, written: for the norms; of many positions only the strongest, the strongest first.
    measured: whether the effects are; else they are estimated. kind_words: of which edit. of: how many positions there
    are. why: why there are no effects. effects: at every position, to be summed over regions."""

    rows: tuple[ByPositionRow, ...]
    written: tuple[ByPositionRow, ...]
    of: int
    measured: bool
    kind_words: str
    why: str = ""
    direction: int | None = 1  # A's: which changes of the metric lead towards A
    effects: tuple[float, ...] = ()


@dataclass(frozen=True)
class AverageData:
    """Attention over a dataset: [query, key], the mean over its `of` inputs, at the position that fewest of them have
    over `rows`; or why there is none."""

    weights: NDArray[np.float32] | None
    rows: int = 0
    of: int = 0
    why: str = ""


@dataclass(frozen=True)
class PathData:
    """A way on from an edge: the nodes that it goes through, the output last. share: of what leaves the first one."""

    nodes: tuple[Target, ...]
    names: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class RepairData:
    """What later heads and MLPs do about an edit: names and changes of their direct share, in logits. words: of what
    the shares are. cut: whether the edit is one, or only changes what is there. norm: the change of the direction by
    the norm's scale alone; norm_share: its share of all that works against the edit. sets: the effects of cutting these
    nodes on the metric: together and summed with the edit, together and summed without it; empty while they are not
    measured. put_in: what the cuts put in, in words."""

    rows: tuple[tuple[str, float], ...]
    words: str
    cut: bool = True
    norm: float = 0.0
    norm_share: float = 0.0
    sets: tuple[float, ...] = ()
    put_in: str = ""


@dataclass(frozen=True)
class NeuronRow:
    """A neuron of an MLP, or an expert: node, to select it. measured: None until it is."""

    node: Node
    estimated: float
    measured: float | None
    direct: float | None
    place: str  # where it matters most: a token or a patch
    edited: bool = False
    router: str = ""  # of an expert what the router says of it


@dataclass(frozen=True, eq=False)
class RouterData:
    """A mixture's router over A: its logits, and the weight of each expert, 0 where it is not chosen, both [position,
    experts]. labels: of the positions. edited: the numbers of experts that are."""

    node: Node
    logits: NDArray[np.float64]
    weights: NDArray[np.float64]
    labels: tuple[str, ...]
    edited: frozenset[int] = frozenset()


@dataclass(frozen=True)
class NeuronsData:
    """What an MLP opens into: the strongest of `of` neurons, or experts. kind_words: of the edit that the effects are
    of. rest: of the estimate of the whole, what belongs to none. direct_words: what the direct shares are of. why: why
    there are none. direction: A's, which changes of the metric lead towards A."""

    node: Node
    rows: tuple[NeuronRow, ...]
    of: int
    kind: str = "neuron"
    kind_words: str = ""
    total: float = 0.0
    rest: float = 0.0
    direct_words: str = ""
    why: str = ""
    direction: int | None = 1
    router: RouterData | None = None


@dataclass(frozen=True)
class EditState:
    """The edit of what is selected, and what edits it could have. factor: of a `scale` edit. strength: of any other
    kind, from 0 to 1; of steering its coefficient."""

    kind: EditKind | None = None  # None: it is not edited
    factor: float | None = None
    strength: float = 1.0
    has_counterfactual: bool = False
    has_dataset: bool = False
    of_unit: bool = False  # of a neuron or an expert, which takes no edit of vectors
    of_expert: bool = False  # its mixture's router can be told to choose it, or not to


@dataclass(frozen=True)
class Effect:
    """What editing something changes in the metric, estimated and measured. kind_words: the kind of edit of both
    figures. waits: its patch cannot be made now, so there is nothing to measure. note: why there is no estimate, or
    that it is not of what the measurement is of. estimated_of, measured_of: what each is of, in a word or two, where
    they are not of the same: then there is no gap to speak of. noise_floor: of the metric in half precision: a smaller
    measured effect is rounding. direction: A's, which changes of the metric lead towards A."""

    estimated: float | None = None
    measured: float | None = None
    kind_words: str = ""
    waits: bool = False
    note: str = ""
    estimated_of: str = ""
    measured_of: str = ""
    noise_floor: float = 0.0
    direction: int | None = 1


@dataclass(frozen=True)
class SeveralInspection:
    """Several things are selected. name, color: of the group that they are, if they are one. joint: measured change of
    the metric by editing all together; alone: the sum of what each does by itself. no_group: why they cannot be a
    group, empty where they can."""

    members: tuple[Target, ...]
    names: tuple[str, ...]
    kind_words: str
    joint: float | None = None
    alone: float | None = None
    name: str = ""
    color: str = ""
    grouped: bool = False
    no_group: str = ""
    edit: EditState = EditState()
    nothing_to_edit: bool = False
    cuts: str = "zero"  # what a cut puts in
    direction: int | None = 1  # A's: which changes of the metric lead towards A


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
    regions: tuple[tuple[str, tuple[int, ...]], ...] = ()  # of a picture: names and positions; each is in one
    reads: tuple[Link, ...] = ()
    writes: tuple[Link, ...] = ()
    links_of: str = ""  # what the scores of what it reads and writes are over: "estimated over 24 pairs"
    effect: Effect = Effect()
    edit: EditState = EditState()


@dataclass(frozen=True)
class EdgeInspection:
    """The inspector for an edge."""

    edge: Edge
    title: str
    effect: Effect = Effect()
    edit: EditState = EditState()


@dataclass(frozen=True)
class ArrowPart:
    """A part of a score of attention. edge: its number, None of biases. cut: the weight that is left without it.
    short: what it is called where there is less room, where its name is long."""

    name: str
    share: float
    edge: int | None = None
    cut: float | None = None
    short: str = ""


@dataclass(frozen=True)
class ArrowData:
    """A weight of a head's attention. effects: what edits of it change in the metric, measured; refused: why one cannot
    be made. query, key: the largest parts of the score, which each side splits. edited: by which kind it is. measuring:
    whether effects, or weights that are left, are still to come."""

    words: str
    score: float
    weight: float
    effects: Mapping[EditKind, float]
    refused: Mapping[EditKind, str]
    query: tuple[ArrowPart, ...]
    key: tuple[ArrowPart, ...]
    edited: EditKind | None = None
    measuring: bool = False
