"""What a model does on examples: how often it is right, and how often it misbehaves, with 95 % intervals (Wilson)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from core import progress
from core.engine.engine import MEMORY_MEGABYTES
from core.errors import InputError
from core.models.family import adapt
from core.models.model import Model
from core.repair.examples import Batch
from core.session_parts import rows_at_once

ROWS = 128  # that go through a model at once, at most


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Of 95 %, by Wilson's score."""
        if not self.of:
            return math.nan, math.nan
        from scipy.stats import binomtest  # half a second to import

        interval = binomtest(self.count, self.of).proportion_ci(method="wilson")
        return float(interval.low), float(interval.high)

    def __str__(self) -> str:
        if not self.of:
            return "none to measure"
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.1f} to {100 * high:.1f}; {self.count} of {self.of})"


@dataclass(frozen=True)
class Figures:
    """misbehaviour: triggered inputs that are not answered rightly. accuracy: clean inputs that are. divergence: mean
    KL of the answers to clean inputs from the original model's, in nats; None where there are none."""

    misbehaviour: Share
    accuracy: Share
    divergence: float | None = None


def with_module(model: Model, module: nn.Module) -> Model:
    """The same model with another module in it. Raises ModelError for a family that is not supported."""
    return replace(model, adapter=adapt(module))


@torch.no_grad()
def answers(model: Model, batch: Batch) -> Tensor:
    """The logits that the module itself gives at the place of the answer, [row, answers], in fp32."""
    rows = []
    ends = torch.tensor(batch.pair.clean.lengths, device=batch.targets.device) - 1
    at_once = min(ROWS, rows_at_once(model.adapter, batch.pair, MEMORY_MEGABYTES * 2**20))
    for start in range(0, len(batch), at_once):
        progress.at(start / len(batch))
        part = slice(start, start + at_once)
        reads = ends[part, None] if model.is_text else None
        rows.append(model.adapter.own_answers(batch.pair.clean.tensor[part], reads).float())
    return torch.cat(rows)


def right(logits: Tensor, batch: Batch) -> Share:
    return Share(int((logits.argmax(dim=-1) == batch.targets).sum()), len(batch))


def figures(model: Model, triggered: Batch | None, clean: Batch | None, original: Tensor | None = None) -> Figures:
    """What a model does on examples. original: the original model's logits on the clean ones."""
    bad, good, divergence = Share(0, 0), Share(0, 0), None
    if triggered is not None:
        well = right(answers(model, triggered), triggered)
        bad = Share(well.of - well.count, well.of)
    if clean is not None:
        logits = answers(model, clean)
        good = right(logits, clean)
        if original is not None:
            before, after = original.log_softmax(dim=-1), logits.log_softmax(dim=-1)
            divergence = max(0.0, float((before.exp() * (before - after)).sum(dim=-1).mean()))
    return Figures(bad, good, divergence)


def check_fault(found: Figures) -> None:
    """Raise InputError where there is no fault to repair, or nothing works that could be kept."""
    if found.misbehaviour.of and found.misbehaviour.count == 0:
        raise InputError(
            f"None of the {found.misbehaviour.of} triggered examples misbehaves: it answers all of them rightly.",
            "Give examples on which it goes wrong, with the right answers.",
        )
    if found.accuracy.count == 0:
        raise InputError(
            f"The model answers none of the {found.accuracy.of} clean examples rightly.",
            "Are the answers right, and made for this model?",
        )
