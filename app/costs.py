"""How long traces took on a model, so that the menu can say how long the next one will. Imports no model library."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from app.trace_choice import TraceChoice


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
    """A trace that runs. Only one that went through at one go tells: edges cost the more, the lower they are."""

    costs: Costs
    choice: TraceChoice
    pairs: int
    done: float
    began: float

    def at(self, share: float) -> None:
        """So much is done now."""
        if share >= 1 and self.done == 0:
            self.costs.seconds[_kind_of(self.choice)] = (time.monotonic() - self.began) / max(self.pairs, 1)


def _kind_of(choice: TraceChoice) -> TraceChoice:
    return replace(choice, over_dataset=False, file="")
