"""What the figures of the *Plots* dock draw: plain values, made by the application. Of every figure it is said what it
is of, and whether that is what the window shows now (`stale`: of an earlier state, dimmed)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class About:
    """What a figure is of. method: what put the edges in their order, and over what: "EAP-IG over 24 pairs". ablation:
    what removed edges carry, "replaced from B". A part that says nothing of a figure is empty."""

    model: str = ""
    inputs: str = ""
    metric: str = ""
    method: str = ""
    ablation: str = ""

    @property
    def entries(self) -> dict[str, str]:
        """All parts by their names, the empty ones too: the columns of a file."""
        return {
            "model": self.model,
            "inputs": self.inputs,
            "metric": self.metric,
            "method": self.method,
            "ablation": self.ablation,
        }

    @property
    def words(self) -> str:
        """In one line: what differs most often first, as the end may not fit."""
        parts = (self.method, self.ablation, self.metric, self.model, self.inputs)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, eq=False)
class CurveLine:
    """A faithfulness curve. name: what tells it from the others drawn. sizes: edges, ascending; edges: of the whole
    graph. recovered: shares of the behaviour. band: [2, points], lowest and highest of random circuits of each size;
    sure: [2, points], 95 % by bootstrap, or None for one pair. present: of the state that the
    window shows; same: but for the method. slot: its place among all that were kept, which its colour and mark are
    by."""

    name: str
    about: About
    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    edges: int
    band: Values | None = None
    sure: Values | None = None
    area: str = ""  # "CPR 0.71, CMD 0.31"
    present: bool = False
    same: bool = True
    slot: int = 0


@dataclass(frozen=True, eq=False)
class CurvesData:
    """about: the present state, whether it has a curve or not. left_out: how many older ones were let go."""

    about: About = field(default_factory=About)
    lines: tuple[CurveLine, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class HistoryPoint:
    """The metric after one step. number: of the step on the way to the present one, the start is 0. without: the metric
    without edits. state: in effect ("past"), the present one, or one that redo leads to ("ahead")."""

    words: str
    number: int
    value: float
    without: float
    state: Literal["past", "present", "ahead"] = "past"


@dataclass(frozen=True)
class HistoryData:
    """Points of one model, its inputs and a metric: others cannot be compared. left_out: how many these are."""

    about: About = field(default_factory=About)
    points: tuple[HistoryPoint, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class ScoreBins:
    """The scores of all edges. ranked: [edges], the best first, positive towards A, where the scores have a sign.
    bounds: [bins + 1], ascending; counts: [bins]. unit: scores within it are drawn on a straight scale, beyond it on a
    logarithmic one. unknown: edges without a score. in_order: whether circuits are beginnings of this order; a rule or
    a search may choose otherwise."""

    ranked: Values
    bounds: Values
    counts: NDArray[np.int64]
    unit: float
    signed: bool = True
    unknown: int = 0
    in_order: bool = True


@dataclass(frozen=True, eq=False)
class ScoresData:
    """size: edges of the circuit; None while none is chosen. how: "estimated", "measured", "scored", "drawn"."""

    about: About = field(default_factory=About)
    bins: ScoreBins | None = None
    size: int | None = None
    how: str = "estimated"
    axis: str = "score"
    stale: bool = False


@dataclass(frozen=True, eq=False)
class AgreementData:
    """Effects of removing single edges, estimated and measured: changes of the metric, one convention for both. names,
    estimated, measured: [edges drawn], those of the largest effect first. outliers: places of those that are named.
    count: of all edges that have both. correlation: Pearson's over all of these, None where it says nothing.
    wrong_sign: how many of these the estimate gives the wrong sign. floor: of the metric; measured effects below it may
    be rounding alone, and are no outliers. note: what is left out of it."""

    about: About = field(default_factory=About)
    names: tuple[str, ...] = ()
    estimated: Values = field(default_factory=lambda: np.zeros(0))
    measured: Values = field(default_factory=lambda: np.zeros(0))
    outliers: tuple[int, ...] = ()
    count: int = 0
    correlation: float | None = None
    wrong_sign: int = 0
    floor: float = 0.0
    note: str = ""


@dataclass(frozen=True, eq=False)
class KnownData:
    """How well the order of the edges finds a known circuit. known: its name; edges_known: how many it has. sizes: of
    the circuits that are compared, ascending; precision, recall: [sizes]. chance: precision of random edges. average:
    the average precision. at: place of the present circuit among `sizes`, None where none is chosen. problem: why there
    is nothing to draw."""

    about: About = field(default_factory=About)
    known: str = ""
    edges_known: int = 0
    edges: int = 0
    sizes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    precision: Values = field(default_factory=lambda: np.zeros(0))
    recall: Values = field(default_factory=lambda: np.zeros(0))
    chance: float = 0.0
    average: float = 0.0
    at: int | None = None
    problem: str = ""
    stale: bool = False


@dataclass(frozen=True)
class PlotsData:
    """All figures of one state."""

    curves: CurvesData = field(default_factory=CurvesData)
    history: HistoryData = field(default_factory=HistoryData)
    scores: ScoresData = field(default_factory=ScoresData)
    agreement: AgreementData = field(default_factory=AgreementData)
    known: KnownData = field(default_factory=KnownData)


@dataclass(frozen=True)
class Rows:
    """A table: its head, and its rows, each with what it is of."""

    head: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    abouts: Sequence[About]  # one for all rows, or one for each
