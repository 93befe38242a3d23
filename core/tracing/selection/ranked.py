"""What a rule chooses from, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph
from core.tracing.options import Level

if TYPE_CHECKING:
    from collections.abc import Callable

Indices = NDArray[np.int64]
Balance = tuple[tuple[int, float], ...]  # sizes of circuits, rising, and the share of their edges: see `balance`


@dataclass(frozen=True)
class Ranked:
    """weights: the higher, the better: [edges] of a graph (of level "nodes" [writers], of "edge-spans" [edges * spans]
    in the order of `Circuit.parts`); NaN where there is no score. kept: what a search has kept, [as weights]. signed:
    whether the sign of a score says anything. agreement: the share of bootstrap draws in which a score has the sign of
    the mean, [as weights]; None where pairs were not scored one by one. towards: score x direction, [as weights], also
    where the weights are sizes. balance: which share of a circuit's edges should lead towards A; None where it was not
    measured. spans: how many there are; 1 of edges at all positions."""

    graph: Graph
    weights: NDArray[np.float64]
    level: Level = "edges"
    kept: NDArray[np.bool_] | None = None
    signed: bool = True
    agreement: NDArray[np.float64] | None = None
    towards: NDArray[np.float64] | None = None
    balance: Balance | None = None
    spans: int = 1


@dataclass(frozen=True)
class Choice:
    """edges: the chosen ones, highest weight first (or as the rule took them). gap: by how much of its sum a better
    choice could at most be better, where the rule did not come to the end of its search; 0 where it did."""

    edges: Indices
    gap: float = 0.0


if TYPE_CHECKING:
    Order = Callable[[Ranked], Indices]
    Choose = Callable[[Ranked, int], Choice]
