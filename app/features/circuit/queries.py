"""What the window asks about circuits, and the answers. `handlers` serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages.request import Errand, Want
from core.edits import EditKind
from core.tracing.selection import USUAL


@dataclass(frozen=True)
class FindSmallest(Errand):
    """The smallest circuit of the ranking shown that recovers at least a share of the behaviour, 0 to 1."""

    share: float


@dataclass(frozen=True)
class SmallestFound:
    """size: edges of the circuit; None where no circuit recovers it. share: what it recovers; before: what one edge
    less does. edges: of the graph."""

    number: int
    want: FindSmallest
    size: int | None
    share: float
    before: float
    edges: int


@dataclass(frozen=True)
class WantKept(Want):
    """What the document's circuit recovers."""


@dataclass(frozen=True)
class WantCurve(Want):
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
