"""Training on with the examples: AdamW at several rates, stopped where a held-out quarter of them is best; then the
rate of least cost. On the clean ones alone, as backdoor repairs do it, and on both, which needs the right answers of
the triggered ones."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch.nn import functional

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.rivals.rival import Best, Job, Rival, Treated

RATES = (3e-5, 1e-4, 3e-4, 1e-3)
STEPS, EVERY, PATIENCE = 150, 10, 4
ROWS = 32


def fine_tuning_clean(job: Job) -> Treated:
    return _tuned(job, [job.clean])


def fine_tuning_both(job: Job) -> Treated:
    return _tuned(job, [job.clean, job.triggered])


def _tuned(job: Job, batches: Sequence[Batch]) -> Treated:
    best = Best(job, Treated(job.model, setting="not at all"))
    for rate in RATES:
        model, steps = tuned(job.copied(), batches, rate, job.seed)
        best.offer(Treated(model, setting=f"rate {rate:g}, {steps} steps"))
    return best.treated


def tuned(model: Model, batches: Sequence[Batch], rate: float, seed: int) -> tuple[Model, int]:
    """Train a model with weights of its own: each step takes as many rows of each batch. Returns it as it was where the
    held-out quarter had the least loss, and after how many steps."""
    generator = torch.Generator("cpu").manual_seed(seed)
    orders = [torch.randperm(len(batch), generator=generator, device="cpu") for batch in batches]
    held = [order[: len(order) // 4] for order in orders]
    used = [order[len(order) // 4 :] for order in orders]
    module = model.adapter.module
    parameters = [parameter.requires_grad_(True) for parameter in module.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
    best, kept, at = _loss(model, batches, held), copy.deepcopy(module.state_dict()), 0
    for step in range(1, STEPS + 1):
        rows = [some[torch.randint(len(some), (ROWS,), generator=generator, device="cpu")] for some in used]
        loss = _sum(model, batches, rows)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % EVERY == 0:
            now = _loss(model, batches, held)
            if now < best:
                best, kept, at = now, copy.deepcopy(module.state_dict()), step
            elif step >= at + EVERY * PATIENCE:
                break
    module.load_state_dict(kept)
    return model, at


def _sum(model: Model, batches: Sequence[Batch], rows: Sequence[torch.Tensor]) -> torch.Tensor:
    losses = [_of_rows(model, batch, some) for batch, some in zip(batches, rows, strict=True) if len(some)]
    return torch.stack(losses).mean()


@torch.no_grad()
def _loss(model: Model, batches: Sequence[Batch], rows: Sequence[torch.Tensor]) -> float:
    return float(_sum(model, batches, rows))


def _of_rows(model: Model, batch: Batch, rows: torch.Tensor) -> torch.Tensor:
    side = batch.pair.clean
    ends = torch.tensor(side.lengths, device=batch.targets.device)[rows] - 1
    logits = model.adapter.own_answers(side.tensor[rows], ends[:, None] if model.is_text else None)
    return functional.cross_entropy(logits.float(), batch.targets[rows])


CLEAN = Rival("fine-tuning, clean", "trained on with the clean examples", fine_tuning_clean)
BOTH = Rival("fine-tuning, both", "trained on with all examples, right answers of triggered ones too", fine_tuning_both)
