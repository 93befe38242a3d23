"""How long traces took on a model: whole ones, and how fast others went against what was reckoned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from app.presenters.trace_cost import Sort, Work

SEEN_SECONDS, SEEN_SHARE = 1.0, 0.02  # of a trace, before it says how fast such traces go


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
