"""What a tracing method is given and what it gives back, whatever the method. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from core.edge_arrays import sums_by_writer
from core.edits import EditKind
from core.errors import ArgumentError, Cancelled, InputError
from core.graph import Graph
from core.tracing.options import Level

if TYPE_CHECKING:
    from core.inputs.pair import Pair
    from core.session import Session

T = TypeVar("T")


class TakesOptions(Protocol):
    """What methods are told (`core.tracing.told_options.Options`)."""

    def of(self, takes: type[T]) -> T:
        """The options of a method, of their class."""


class Usual:
    """Nothing: every option has its usual value."""

    def of(self, takes: type[T]) -> T:
        return takes()


@dataclass
class Memory:
    """Where the state of a method lies between a cancel and going on (`Job.state`)."""

    state: Any = None


@dataclass(frozen=True)
class Job:
    """One session to score: a pair, or a batch of pairs, whose mean metric is what counts.

    replacement: what a removed edge carries. cancelled: asked now and then. more: sessions of the same model that a
    joint method scores together with the first. memory: what the method has done so far, if the same job was cancelled
    before. by_row: whether every row of the batch is scored alone, [batch, edges], in place of their mean; for methods
    that can (`Method.by_row`). of_all: what the method has decided for all jobs of a trace. spans: names of the spans
    that edges are scored at, of level "edge-spans" (`core.spans`)."""

    session: Session
    replacement: EditKind = "patch"
    level: Level = "edges"
    options: TakesOptions = field(default_factory=Usual)
    cancelled: Callable[[], bool] | None = None
    more: tuple[Session, ...] = ()
    memory: Memory = field(default_factory=Memory, compare=False)
    by_row: bool = False
    of_all: Memory = field(default_factory=Memory, compare=False)
    spans: tuple[str, ...] = ()

    @property
    def sessions(self) -> tuple[Session, ...]:
        return (self.session, *self.more)

    @property
    def pairs(self) -> int:
        """Of all sessions together."""
        return sum(session.pair.batch for session in self.sessions)

    def options_of(self, takes: type[T]) -> T:
        """The options of a method. takes: their class."""
        return self.options.of(takes)

    def state(self, begin: Callable[[], T]) -> T:
        """What the method has done so far: a value of its own class, made by `begin` the first time, and the same when
        it goes on after it was cancelled."""
        if self.memory.state is None:
            self.memory.state = begin()
        return cast(T, self.memory.state)

    def of_trace(self, begin: Callable[[], T]) -> T:
        """What the method has decided for all jobs of a trace, made by `begin` the first time."""
        if self.of_all.state is None:
            self.of_all.state = begin()
        return cast(T, self.of_all.state)

    def check(self) -> None:
        """Raise Cancelled where that is wanted."""
        if self.cancelled is not None and self.cancelled():
            raise Cancelled


@dataclass(frozen=True)
class MethodResult:
    """Scores so far, NaN where there are none yet, and how much of the work is done. positive: raises the metric.
    kept: [as values], by a search that decides about each edge; None until it is at its end. measured: [as values],
    which scores are measured, where others beside them are estimates."""

    values: NDArray[np.float64]
    share_done: float = 1.0
    kept: NDArray[np.bool_] | None = None
    measured: NDArray[np.bool_] | None = None


Score = Callable[[Job], Iterator[MethodResult]]


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
    positions and spans, of which edges say nothing."""
    if level == "edges":
        return edges
    if level != "nodes":
        raise ArgumentError(f"This method does not score {level}.", "Score edges or nodes.")
    return sums_by_writer(graph, edges)
