"""What the inspector's further sections draw: plain values that the application fills in, as in `views.data`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from views.data import Target


@dataclass(frozen=True)
class SaidRow:
    """An answer that is pushed. value: logits above the mean of all answers, or a probability. asked: it is one of the
    metric's answers."""

    label: str
    value: float
    asked: bool = False


@dataclass(frozen=True)
class SaysData:
    """The logit lens at one position, and the direct share of the metric. why: why there is nothing; then the rest is
    empty. at: the position in words. share: logits, of `words`; rank 1 is the largest of `of` nodes."""

    at: str = ""
    node: tuple[SaidRow, ...] = ()
    stream: tuple[SaidRow, ...] = ()
    words: str = ""
    share: float | None = None
    largest: float = 0.0  # size of the largest share of any node
    rank: int = 0
    of: int = 0
    why: str = ""


@dataclass(frozen=True)
class TraitChip:
    """A score of a head's behaviour: "previous token .92"; its definition and source."""

    words: str
    tip: str
    strong: bool


@dataclass(frozen=True)
class PositionRow:
    """One position: how long the vector is that the node writes there, and what editing it there does."""

    position: int
    label: str
    norm: float
    effect: float | None


@dataclass(frozen=True)
class PositionsData:
    """rows: for the effects, written: for the norms; of many positions only the strongest, the strongest first.
    measured: whether the effects are; else they are estimated. kind_words: of which edit. of: how many positions there
    are. why: why there are no effects."""

    rows: tuple[PositionRow, ...]
    written: tuple[PositionRow, ...]
    of: int
    measured: bool
    kind_words: str
    why: str = ""
    direction: int | None = 1  # A's: which changes of the metric lead towards A


@dataclass(frozen=True)
class AverageData:
    """Attention over a dataset: [query, key], the mean over `rows` of its `of` inputs; or why there is none."""

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
    """What later heads do about an edit: names and changes of their direct share, in logits. words: of what the shares
    are. cut: whether the edit is one, or only changes what is there."""

    rows: tuple[tuple[str, float], ...]
    words: str
    cut: bool = True


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
    edited: EditKind | None = None
    factor: float | None = None
    strength: float = 1.0
    has_counterfactual: bool = False
    has_dataset: bool = False
    nothing_to_edit: bool = False
    cuts: str = "zero"  # what a cut puts in
    direction: int | None = 1  # A's: which changes of the metric lead towards A
