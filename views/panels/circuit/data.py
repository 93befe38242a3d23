"""What the strip under the canvas draws of a circuit: how many edges it keeps, and what that recovers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CurveData:
    """What circuits of some sizes recover. sizes: edges, ascending; recovered: shares of the behaviour; band: [2,
    points], lowest and highest of random circuits; words: its area, for the tooltip. sure: [2, points], 95 % by
    bootstrap over the pairs of a dataset. stale: of an earlier state."""

    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    band: NDArray[np.float64]
    words: str
    sure: NDArray[np.float64] | None = None
    stale: bool = False


@dataclass(frozen=True)
class KeptData:
    """What one circuit recovers, as measured. share, random: of the behaviour, by it and by as many random edges.
    metric: with the circuit alone; whole: with all edges. connected: of its edges, those that lie on a path. Over a
    dataset: means over its `pairs`; band: of the share, 95 % by bootstrap over them. accuracy, whole_accuracy: the
    share of pairs that the circuit, and the whole model, answers rightly; None for a model that gives no answers.
    replaced: what removed edges carried in just this run. against: what it recovers speaks against it, as the trust
    panel would say."""

    size: int
    connected: int
    share: float
    random: float
    metric: float
    whole: float
    pairs: int = 0
    band: tuple[float, float] | None = None
    accuracy: float | None = None
    whole_accuracy: float | None = None
    replaced: str = ""  # "replaced from B"
    against: bool = False


@dataclass(frozen=True)
class RuleData:
    """A way to choose the edges. title: in the list; words: what it does. problem: why it cannot choose here. phrase:
    how the edges were chosen, behind their number; nothing for the usual rule."""

    name: str
    title: str
    words: str
    problem: str = ""
    phrase: str = ""


@dataclass(frozen=True)
class CircuitData:
    """The strip's state. edges: of the whole graph, 0 without a model. size: edges that the circuit keeps; None while
    no circuit is chosen and the `overview` strongest edges are shown. kept: of a run that may be of another size or an
    earlier state (stale). problem: why there is nothing to recover. can_run: whether there are scores for a curve;
    running: it is on its way."""

    edges: int = 0
    overview: int = 0
    size: int | None = None
    kept: KeptData | None = None
    curve: CurveData | None = None
    replaced: str = ""  # what removed edges carry from now on
    ranked: str = ""  # by what the edges are in their order: "EAP-IG over 24 pairs"
    over: str = ""  # what circuits are run on: "this pair", "24 pairs"
    problem: str = ""
    can_trace: bool = False
    can_run: bool = False
    in_part: bool = False  # a file's scores, which some edges lack: no curve can be run of them
    running: bool = False
    tracing: bool = False  # a trace runs
    stale: bool = False
    partial: str = ""  # "partial: 37 % of the work"
    nothing_small: str = ""  # that a trace has found no small circuit, where none is chosen
    can_measure: bool = False  # some edges shown are estimated
    rules: tuple[RuleData, ...] = ()  # none before there are scores
    rule: str = ""  # by which the edges shown are chosen

    @property
    def chosen(self) -> RuleData | None:
        """The rule that holds, where it is another one than the usual."""
        return next((rule for rule in self.rules if rule.name == self.rule and rule.phrase), None)
