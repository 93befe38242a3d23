"""How long traces took on a model, so that the menu can say how long the next one will. Imports no model library."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from app.trace_choice import TraceChoice

LEAST_SHARE = 0.02  # of a trace: less says nothing


@dataclass
class Costs:
    """Of one model. seconds: a pair, by what was traced."""

    seconds: dict[TraceChoice, float] = field(default_factory=dict)

    def known(self, choice: TraceChoice, pairs: int) -> float | None:
        """Seconds that a trace of some pairs will take; None where none like it was seen."""
        one = self.seconds.get(_kind_of(choice))
        return None if one is None else one * pairs

    def watch(self, choice: TraceChoice, pairs: int, done: float = 0.0) -> Watch:
        """Begin to watch a trace, of which a share may be done already."""
        return Watch(self, choice, pairs, done, time.monotonic())


@dataclass(frozen=True)
class Watch:
    """A trace that runs."""

    costs: Costs
    choice: TraceChoice
    pairs: int
    done: float
    began: float

    def at(self, share: float) -> None:
        """So much is done now."""
        if share - self.done >= LEAST_SHARE:
            seconds = (time.monotonic() - self.began) / (share - self.done)
            self.costs.seconds[_kind_of(self.choice)] = seconds / max(self.pairs, 1)


def _kind_of(choice: TraceChoice) -> TraceChoice:
    return replace(choice, over_dataset=False, file="")
