"""What a tracing method is given and what it gives back, whatever the method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.errors import ArgumentError, Cancelled, InputError
from core.graph import Graph
from core.inputs.pair import Pair
from core.session import Session
from core.tracing.options import LEVELS, Level, Options

__all__ = ["LEVELS", "Found", "Job", "Level", "Options", "Score", "by_level", "common_length"]


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
    """Scores so far, NaN where there are none yet, and how much of the work is done. positive: raises the metric.
    kept: [as values], by a search that decides about each edge; None until it is at its end."""

    values: NDArray[np.float64]
    share_done: float = 1.0
    kept: NDArray[np.bool_] | None = None


Score = Callable[[Job], Iterator[Found]]


def common_length(pairs: Iterable[Pair]) -> int:
    """How many positions every row has. Raises InputError where they do not correspond."""
    lengths = {length for pair in pairs for length in pair.clean.lengths}
    if len(lengths) > 1:
        raise InputError(
            "The rows have different lengths, so their positions do not correspond.",
            "Score edges or nodes, or take rows of one length.",
        )
    return lengths.pop()


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
