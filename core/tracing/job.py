"""What a tracing method is given and what it gives back, whatever the method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.errors import ArgumentError, Cancelled
from core.graph import Graph
from core.session import Session

# What is scored: every edge [edges]; every writer [writers]; every writer at every position [writers, position].
Level = Literal["edges", "nodes", "positions"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class Options:
    """What methods can be told; each takes what it needs (its row of the table says which).

    steps: points of an integral. seed: of all that is drawn. budget: exact runs that may be made. threshold: below it
    an edge is removed. restarts: of a search, with other orders. updates: of what is learned. keep: the share that it
    shall keep."""

    steps: int = 5
    seed: int = 0
    budget: int = 1000
    threshold: float = 0.01
    restarts: int = 1
    updates: int = 200
    keep: float = 0.05

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("budget", 0), ("restarts", 1), ("updates", 1)):
            value = getattr(self, name)
            if value < least:
                raise ArgumentError(f"A method needs at least {least} {name.rstrip('s')}, not {value}.")
        if not self.threshold >= 0:
            raise ArgumentError(f"A threshold is 0 or more, not {self.threshold:g}.")
        if not 0 < self.keep < 1:
            raise ArgumentError(f"The share to keep is above 0 and below 1, not {self.keep:g}.")


@dataclass(frozen=True)
class Job:
    """One session to score: a pair, or a batch of pairs, whose mean metric is what counts.

    replacement: what a removed edge carries. cancelled: asked now and then. more: sessions of the same model that a
    joint method scores together with the first. memory: what a method keeps here it finds again when it is called for
    the same job after it was cancelled."""

    session: Session
    replacement: EditKind = "patch"
    level: Level = "edges"
    options: Options = field(default_factory=Options)
    cancelled: Callable[[], bool] | None = None
    more: tuple[Session, ...] = ()
    memory: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def sessions(self) -> tuple[Session, ...]:
        return (self.session, *self.more)

    @property
    def pairs(self) -> int:
        """Of all sessions together."""
        return sum(session.pair.batch for session in self.sessions)

    def check(self) -> None:
        """Raise Cancelled where that is wanted."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled


@dataclass(frozen=True)
class Found:
    """Scores so far, NaN where there are none yet, and how much of the work is done. positive: raises the metric."""

    values: NDArray[np.float64]
    share_done: float = 1.0


Score = Callable[[Job], Iterator[Found]]


def by_level(graph: Graph, edges: NDArray[np.float64], level: Level) -> NDArray[np.float64]:
    """Scores of edges as scores of a level: a node's is the sum over its outgoing edges. Raises ArgumentError for
    positions, of which edges say nothing."""
    if level == "edges":
        return edges
    if level == "positions":
        raise ArgumentError("This method does not score positions.", "Score edges or nodes.")
    total = np.zeros(graph.n_writers)
    np.add.at(total, graph.edge_writers, edges)
    return total
