"""How long traces take on a model: reckoned from the runs that they need, corrected by how fast such traces went, and
where one like it was made, as long as that took. Imports no model library."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.document import PairSource
from app.trace_choice import TraceChoice, cost_words
from core.edits import EditKind
from core.errors import ArgumentError
from core.tracing.costs import PREPARED
from core.tracing.method import METHODS
from core.tracing.told_options import Options

SEEN_SECONDS, SEEN_SHARE = 1.0, 0.02  # of a trace, before it says how fast such traces go

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


@dataclass
class Costs:
    """Of one model. seconds: a whole trace, by what was traced. rates: how many times as long as reckoned traces of a
    sort took."""

    seconds: dict[Work, float] = field(default_factory=dict)
    rates: dict[Sort, float] = field(default_factory=dict)

    def known(self, work: Work) -> float | None:
        """Seconds that a trace will take; None where none like it was seen."""
        return self.seconds.get(work.like)

    def watch(self, work: Work, done: float = 0.0, reckoned: float = 0.0) -> Watch:
        """Begin to watch a trace, of which a share may be done already. reckoned: seconds that it was to take."""
        return Watch(self, work, done, time.monotonic(), reckoned)


@dataclass(frozen=True)
class Watch:
    """A trace that runs. How long the whole takes only one tells that went through at one go: edges cost the more, the
    lower they are; how fast such traces go, any."""

    costs: Costs
    work: Work
    done: float
    began: float
    reckoned: float = 0.0

    def at(self, share: float) -> None:
        """So much is done now."""
        seconds, seen = time.monotonic() - self.began, share - self.done
        if share >= 1 and self.done == 0:
            self.costs.seconds[self.work.like] = seconds
        if self.reckoned > 0 and seen >= SEEN_SHARE and (share >= 1 or seconds >= SEEN_SECONDS):
            self.costs.rates[self.work.sort] = seconds / (self.reckoned * seen)


@dataclass(frozen=True)
class Estimates:
    """All that the time of the next trace is reckoned from: what the engine's thread knows of the model and the inputs.

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
        scored = {"edges": self.edges, "nodes": self.nodes}.get(choice.level, self.nodes * length)
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
