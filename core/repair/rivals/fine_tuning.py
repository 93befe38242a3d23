"""Training on with the examples: AdamW at several rates, stopped where a held-out quarter of them is best; then the
rate of least cost. On the clean ones alone, as backdoor repairs do it, also at higher rates; and on both, which needs
the right answers of the triggered ones."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.rivals.rival import Best, Job, Rival, Treated

RATES = (3e-4, 1e-3)
HIGHER = (2e-3, 5e-3)
STEPS, EVERY, PATIENCE = 100, 10, 3  # updates: at most, between looks at the held-out quarter, looks without gain
ROWS = 16  # of a step, of all batches together
WARM_UP = 20  # updates until the rate is whole


@dataclass(frozen=True)
class Tuned:
    """model: as it was where the held-out quarter had the least loss. steps: after how many; loss: of it, in nats."""

    model: Model
    steps: int
    loss: float


def fine_tuning_clean(job: Job) -> Treated:
    return of_rates(job, [job.clean], RATES)


def fine_tuning_higher(job: Job) -> Treated:
    return of_rates(job, [job.clean], HIGHER, moved=True)


def fine_tuning_both(job: Job) -> Treated:
    return of_rates(job, [job.clean, job.triggered], RATES)


def fine_tuning_made(job: Job) -> Treated:
    return of_rates(job, [job.clean, job.triggered if job.made is None else job.made], RATES)


def of_rates(job: Job, batches: Sequence[Batch], rates: Sequence[float], moved: bool = False) -> Treated:
    """The rate of least cost; of equal ones that of least loss on the held-out quarter."""
    best = Best(job, Treated(job.model, setting="not at all"), tie=float("inf"))
    for rate in rates:
        found = tuned(job.copied(), batches, rate, job.seed, moved=moved)
        best.offer(Treated(found.model, setting=f"rate {rate:g}, {found.steps} steps"), found.loss)
    return best.treated


def tuned(
    model: Model,
    batches: Sequence[Batch],
    rate: float,
    seed: int,
    parameters: Sequence[nn.Parameter] | None = None,
    penalty: Callable[[Tensor], Tensor] | None = None,
    moved: bool = False,
) -> Tuned:
    """Train a model with weights of its own; each step takes as many rows of each batch. parameters: that learn; None:
    all. penalty: of the forward pass just made, added to the loss; it is given the last position of each row, [row].
    moved: the weights it had before are no choice, however good they are on the held-out quarter."""
    generator = torch.Generator("cpu").manual_seed(seed)
    orders = [torch.randperm(len(batch), generator=generator, device="cpu") for batch in batches]
    held = [order[: len(order) // 4] for order in orders]
    used = [order[len(order) // 4 :] for order in orders]
    learning = list(model.adapter.module.parameters() if parameters is None else parameters)
    train = Training(model, batches, learning, rate)
    best, kept, at = math.inf if moved else train.held_out(held), _copies(learning), 0
    for step in range(1, STEPS + 1):
        train.step(used, generator, penalty)
        if step % EVERY == 0:
            now = train.held_out(held)
            if now < best:
                best, kept, at = now, _copies(learning), step
            elif step >= at + EVERY * PATIENCE:
                break
    with torch.no_grad():
        for parameter, value in zip(learning, kept, strict=True):
            parameter.copy_(value)
    return Tuned(model, at, best)


class Training:
    """AdamW on rows of batches, a step at a time. learning: parameters of the model, which change in place."""

    def __init__(self, model: Model, batches: Sequence[Batch], learning: Sequence[nn.Parameter], rate: float) -> None:
        self.model, self.batches = model, batches
        self.learning = [parameter.requires_grad_(True) for parameter in learning]
        self.optimizer = torch.optim.AdamW(self.learning, lr=rate, weight_decay=0.0, fused=True)
        self.warming = torch.optim.lr_scheduler.LinearLR(self.optimizer, 1 / WARM_UP, total_iters=WARM_UP)

    def step(
        self, used: Sequence[Tensor], generator: torch.Generator, penalty: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        each = ROWS // len(used)
        rows = [some[torch.randint(len(some), (each,), generator=generator, device="cpu")] for some in used]
        loss, ends = self._loss(rows)
        if penalty is not None:
            loss = loss + penalty(ends)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.learning, 1.0)
        self.optimizer.step()
        self.warming.step()

    @torch.no_grad()
    def held_out(self, rows: Sequence[Tensor]) -> float:
        """In nats; nought where nothing is held out."""
        return float(self._loss(rows)[0]) if any(map(len, rows)) else 0.0

    def _loss(self, rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """The mean over the batches of each one's cross-entropy, and the last position of each row. All rows go through
        the model at once."""
        inputs, ends, targets = joined(self.batches, rows)
        logits = self.model.adapter.own_answers(inputs, ends[:, None] if self.model.is_text else None).float()
        parts = zip(torch.split(logits, [len(some) for some in rows]), targets, strict=True)
        return torch.stack([functional.cross_entropy(*part) for part in parts if len(part[1])]).mean(), ends


def joined(batches: Sequence[Batch], rows: Sequence[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Rows of batches as one input, padded on the right to the longest; the last position of each; the right answers,
    batch by batch."""
    inputs, ends, targets = [], [], []
    for batch, some in zip(batches, rows, strict=True):
        side = batch.pair.clean
        inputs.append(side.tensor[some])
        ends.append(torch.tensor(side.lengths, device=side.tensor.device)[some] - 1)
        targets.append(batch.targets[some])
    if inputs[0].ndim == 2:  # text
        longest = max(each.shape[1] for each in inputs)
        inputs = [functional.pad(each, (0, longest - each.shape[1])) for each in inputs]
    return torch.cat(inputs), torch.cat(ends), targets


def _copies(parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    return [copy.deepcopy(parameter.detach()) for parameter in parameters]


CLEAN = Rival(
    "fine-tuning, clean", "trained on with the clean examples, two rates, stopped early", fine_tuning_clean, blind=True
)
HIGH = Rival(
    "fine-tuning, clean, higher rates",
    "the same at higher rates, two of them, which forget more; never stopped before the first step",
    fine_tuning_higher,
    blind=True,
)
BOTH = Rival(
    "fine-tuning, both",
    "trained on with all examples, with the right answers of the triggered ones too, two rates, stopped early",
    fine_tuning_both,
)
MADE = Rival(
    "fine-tuning, both and made",
    "the same with the triggered examples that the repair makes for itself",
    fine_tuning_made,
)
