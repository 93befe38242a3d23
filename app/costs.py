"""How long traces took on a model, so that the menu can say how long the next one like it will. Imports no model
library."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from app.document import PairSource
from app.trace_choice import TraceChoice
from core.edits import EditKind


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


@dataclass
class Costs:
    """Of one model. seconds: a whole trace, by what was traced."""

    seconds: dict[Work, float] = field(default_factory=dict)

    def known(self, work: Work) -> float | None:
        """Seconds that a trace will take; None where none like it was seen."""
        return self.seconds.get(work.like)

    def watch(self, work: Work, done: float = 0.0) -> Watch:
        """Begin to watch a trace, of which a share may be done already."""
        return Watch(self, work, done, time.monotonic())


@dataclass(frozen=True)
class Watch:
    """A trace that runs. Only one that went through at one go tells: edges cost the more, the lower they are."""

    costs: Costs
    work: Work
    done: float
    began: float

    def at(self, share: float) -> None:
        """So much is done now."""
        if share >= 1 and self.done == 0:
            self.costs.seconds[self.work.like] = time.monotonic() - self.began
