"""How long a trace will take: reckoned from the runs that it needs, corrected by how fast such traces went. Imports no
model library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.presenters.time_left import cost_words
from core.edits import EditKind
from core.errors import ArgumentError
from core.project.document import PairSource
from core.project.trace_choice import TraceChoice
from core.tracing.costs import PREPARED
from core.tracing.method import METHODS
from core.tracing.told_options import Options

Sort = tuple[str, str, bool]  # traces that go at one speed: by method, level, and whether pairs run together


@dataclass(frozen=True)
class Work:
    """What the time of a trace depends on. length: positions of the pair on the cards; 0 where `rows` of the dataset
    are traced, each with its own. kind: what the edges are replaced by."""

    choice: TraceChoice
    kind: EditKind
    length: int
    rows: tuple[PairSource, ...] = ()

    @property
    def like(self) -> Work:
        """The same for all traces that take as long."""
        choice = replace(self.choice, over_dataset=False, file="")
        return replace(self, choice=choice, length=0 if self.rows else self.length)

    @property
    def sort(self) -> Sort:
        return self.choice.method, self.choice.level, bool(self.rows)


@dataclass(frozen=True)
class Estimates:
    """All that the time of the next trace is reckoned from: what the worker's thread knows of the model and the inputs.

    seconds_per_position: of the model's own forward. edges, nodes: of the graph. length: of the pair on the cards,
    row_length: of the dataset's rows on average, in positions. kind: what edges are replaced by. known, rates: see
    `Costs`."""

    seconds_per_position: float
    edges: int
    nodes: int
    length: int
    row_length: float
    kind: EditKind
    known: Mapping[Work, float] = field(default_factory=dict)
    rates: Mapping[Sort, float] = field(default_factory=dict)

    def reckoned(self, work: Work) -> float:
        """Seconds by the runs alone: pairs x positions x runs of each pair, at the speed of the model's own forward."""
        choice = work.choice
        length = self.row_length if work.rows and self.row_length > 0 else self.length
        by_level = {"edges": self.edges, "nodes": self.nodes, "edge-spans": self.edges * length}
        scored = by_level.get(choice.level, self.nodes * length)
        runs = _forwards(choice, int(scored))
        pairs = max(len(work.rows), 1)
        return (runs + (PREPARED if work.rows else 0)) * pairs * length * self.seconds_per_position

    def seconds(self, work: Work) -> float:
        """As it took before, else as reckoned, corrected by how traces of its sort went."""
        known = self.known.get(work.like)
        return known if known is not None else self.reckoned(work) * self.rates.get(work.sort, 1.0)

    def words(self, choice: TraceChoice, rows: tuple[PairSource, ...]) -> str:
        """ "about 4 min", of what would be traced; empty where it is not worth a word."""
        work = Work(choice, self.kind, self.length, rows)
        words = cost_words(self.seconds(work))
        return f"{words}, as measured" if words and work.like in self.known else words


def _forwards(choice: TraceChoice, scored: int) -> float:
    """About how many forward runs a pair takes; as by the usual options where the method refuses what it is told."""
    method = METHODS[choice.method]
    try:
        return method.forwards(scored, Options(**dict(choice.options)).of(method.takes))
    except ArgumentError:
        return method.forwards(scored, method.takes())
