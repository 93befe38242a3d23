"""What the window asks about circuits, and the replies. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import OneShotQuery, Query
from core.edits import EditKind
from core.tracing.selection import USUAL


@dataclass(frozen=True)
class FindSmallest(OneShotQuery):
    """The smallest circuit of the ranking shown that recovers at least a share of the behaviour, 0 to 1."""

    share: float


@dataclass(frozen=True)
class SmallestFound:
    """size: edges of the circuit; None where no circuit recovers it. share: what it recovers; before: what one edge
    less does. edges: of the graph."""

    number: int
    query: FindSmallest
    size: int | None
    share: float
    before: float
    edges: int


@dataclass(frozen=True)
class KeptQuery(Query):
    """What the document's circuit recovers."""


@dataclass(frozen=True)
class CurveQuery(Query):
    """What circuits of all sizes recover."""


@dataclass(frozen=True, eq=False)
class CurveFound:
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
