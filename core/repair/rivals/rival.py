"""What a rival is given and what it gives back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.proof import Figures, Share, answers, right, with_module


@dataclass(frozen=True)
class Job:
    """The examples that all rivals have alike: triggered and clean ones with the right answers. parts: edges that the
    repair took away, for rivals that take as many. budget: share of the clean accuracy that may be lost. blind: nothing
    is known of the fault, `triggered` holds clean examples again. made: triggered examples that the repair made of all
    these, and the triggered ones; None where it makes none."""

    model: Model
    triggered: Batch
    clean: Batch
    parts: int = 1
    budget: float = 0.005
    seed: int = 0
    blind: bool = False
    made: Batch | None = None

    @cached_property
    def allowed(self) -> int:
        """Clean examples that must stay right where a rival prunes until too many are lost."""
        return right(answers(self.model, self.clean), self.clean).count - int(self.budget * len(self.clean))

    def within(self, found: Figures) -> bool:
        return found.accuracy.count >= self.allowed

    @staticmethod
    def cost(found: Figures) -> float:
        """To choose a setting by, the less the better: misbehaviour and clean accuracy lost, together."""
        return found.misbehaviour.value + 1 - found.accuracy.value

    def copied(self) -> Model:
        """The model with weights of its own."""
        return with_module(self.model, copy.deepcopy(self.model.adapter.module))


@dataclass(frozen=True)
class Answered:
    """What a treated model does with examples. logits: [row, answers]. refused: inputs that get no answer, [row]."""

    logits: Tensor
    refused: Tensor
    targets: Tensor

    @property
    def right(self) -> Tensor:
        """Answered, and rightly, [row]."""
        return (self.logits.argmax(dim=-1) == self.targets) & ~self.refused

    @property
    def wrong(self) -> Tensor:
        """Answered, and wrongly, [row]: a refusal does no harm."""
        return (self.logits.argmax(dim=-1) != self.targets) & ~self.refused


@dataclass(frozen=True)
class Treated:
    """model: what answers now. change: what is done to inputs before they go in, if anything. refuses: inputs that get
    no answer, [row], asked after the change. cut: edges taken away. setting: what was chosen, in words."""

    model: Model
    change: Callable[[Batch], Batch] | None = None
    refuses: Callable[[Batch], Tensor] | None = None
    cut: int = 0
    setting: str = ""

    def answered(self, batch: Batch) -> Answered:
        changed = batch if self.change is None else self.change(batch)
        logits = answers(self.model, changed)
        refused = torch.zeros(len(batch), dtype=torch.bool, device=logits.device)
        return Answered(logits, refused if self.refuses is None else self.refuses(changed), batch.targets)

    def figures(self, triggered: Batch, clean: Batch) -> Figures:
        """On examples. A refusal is no misbehaviour, and on a clean input no right answer."""
        bad, good = self.answered(triggered).wrong, self.answered(clean).right
        return Figures(Share(int(bad.sum()), len(bad)), Share(int(good.sum()), len(good)))


@dataclass(frozen=True)
class Rival:
    """A row of the table. words: what it does, for the page of the table. reads: what kind of input it can treat.
    blind: whether it needs clean examples alone."""

    name: str
    words: str
    treat: Callable[[Job], Treated]
    reads: Literal["text", "image", "both"] = "both"
    blind: bool = False

    def takes(self, model: Model, blind: bool = False) -> bool:
        return self.reads in ("both", "text" if model.is_text else "image") and (self.blind or not blind)


@dataclass
class Best:
    """The setting of least cost so far; of equal ones that of the least tie, and then the first. Where nothing is known
    of the fault: the last one within the budget, for settings are offered from weak to strong."""

    job: Job
    treated: Treated
    tie: float = 0.0
    cost: tuple[float, float] = field(init=False)
    offers: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.cost = self._cost(self.treated, self.tie)

    def offer(self, treated: Treated, tie: float = 0.0) -> None:
        cost = self._cost(treated, tie)
        if cost < self.cost:
            self.treated, self.cost = treated, cost

    def _cost(self, treated: Treated, tie: float) -> tuple[float, float]:
        found = treated.figures(self.job.triggered, self.job.clean)
        if self.job.blind:
            self.offers += 1
            return float(not self.job.within(found)), -self.offers
        return self.job.cost(found), tie
