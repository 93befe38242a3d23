"""What a rival is given and what it gives back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.proof import Figures, answers, figures, right, with_module


@dataclass(frozen=True)
class Job:
    """The examples that all rivals have alike: triggered and clean ones with the right answers. parts: edges that the
    repair took away, for rivals that take as many. budget: share of the clean accuracy that may be lost."""

    model: Model
    triggered: Batch
    clean: Batch
    parts: int = 1
    budget: float = 0.005
    seed: int = 0

    @cached_property
    def allowed(self) -> int:
        """Clean examples that must stay right."""
        return right(answers(self.model, self.clean), self.clean).count - int(self.budget * len(self.clean))

    def within(self, found: Figures) -> bool:
        return found.accuracy.count >= self.allowed

    def cost(self, found: Figures) -> tuple[bool, float]:
        """To choose a setting by, the less the better: within the budget first, then misbehaviour and clean accuracy
        lost, together."""
        return not self.within(found), found.misbehaviour.value + 1 - found.accuracy.value

    def copied(self) -> Model:
        """The model with weights of its own."""
        return with_module(self.model, copy.deepcopy(self.model.adapter.module))


@dataclass(frozen=True)
class Treated:
    """model: what answers now. change: what is done to inputs before they go in, if anything. cut: edges taken away.
    setting: what was chosen, in words."""

    model: Model
    change: Callable[[Batch], Batch] | None = None
    cut: int = 0
    setting: str = ""

    def figures(self, triggered: Batch | None, clean: Batch | None, original: Model | None = None) -> Figures:
        """On examples. original: to compare the answers to clean inputs with."""
        before = None if original is None or clean is None else answers(original, clean)
        if self.change is not None:
            triggered = None if triggered is None else self.change(triggered)
            clean = None if clean is None else self.change(clean)
        return figures(self.model, triggered, clean, before)


@dataclass(frozen=True)
class Rival:
    """A row of the table. reads: "text", "image" or "" for both."""

    name: str
    words: str
    treat: Callable[[Job], Treated]
    reads: str = ""


@dataclass
class Best:
    """The setting of least cost so far."""

    job: Job
    treated: Treated
    cost: tuple[bool, float] = field(init=False)

    def __post_init__(self) -> None:
        self.cost = self.job.cost(self.treated.figures(self.job.triggered, self.job.clean))

    def offer(self, treated: Treated) -> None:
        cost = self.job.cost(treated.figures(self.job.triggered, self.job.clean))
        if cost < self.cost:
            self.treated, self.cost = treated, cost
