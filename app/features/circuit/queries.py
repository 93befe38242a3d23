"""What the window asks about circuits of no certain size, and the answer. `handlers` serves it."""

from __future__ import annotations

from dataclasses import dataclass

from app.errands import Errand


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
