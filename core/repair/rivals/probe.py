"""A probe that refuses: logistic regression on the last layer's stream tells triggered inputs from clean ones, and
what it takes for triggered gets no answer. A refusal is no misbehaviour; on a clean input it is no right answer. How
strongly it is regularised is what fits best in a fourfold cross-validation; the threshold is that of least cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.model import Model
from core.repair.examples import Batch
from core.repair.proof import answers
from core.repair.rivals.rival import Best, Job, Rival, Treated

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
FOLDS = 4
THRESHOLDS = (0.5, 0.3, 0.2, 0.1, 0.7, 0.8, 0.9)
STEPS = 60


@dataclass(frozen=True)
class Probe:
    """Says how likely an input is triggered. mean, scale, weights: [feature]."""

    mean: Tensor
    scale: Tensor
    weights: Tensor
    bias: Tensor

    def __call__(self, streams: Tensor) -> Tensor:
        """[row, feature] -> [row]"""
        return (((streams - self.mean) / self.scale) @ self.weights + self.bias).sigmoid()


def probe(job: Job) -> Treated:
    best = Best(job, Treated(job.model, setting="refuses nothing"))
    streams = torch.cat([last_stream(job.model, batch) for batch in (job.triggered, job.clean)])
    labels = streams.new_zeros(len(streams))
    labels[: len(job.triggered)] = 1
    penalty = min(PENALTIES, key=lambda each: cross_validated(streams, labels, each, job.seed))
    found = fitted(streams, labels, penalty)
    for threshold in THRESHOLDS:
        refuses = partial(_refused, model=job.model, found=found, threshold=threshold)
        best.offer(Treated(job.model, refuses=refuses, setting=f"penalty {penalty:g}, from {threshold:g} on"))
    return best.treated


def fitted(streams: Tensor, labels: Tensor, penalty: float) -> Probe:
    """Both kinds weigh as much; penalty: on half the squared weights."""
    mean, scale = streams.mean(dim=0), streams.std(dim=0) + 1e-6
    x = (streams - mean) / scale
    weights = torch.zeros(x.shape[1], device=x.device, requires_grad=True)
    bias = torch.zeros((), device=x.device, requires_grad=True)
    of_kind = torch.where(labels > 0, 0.5 / labels.sum().clamp_min(1), 0.5 / (1 - labels).sum().clamp_min(1))
    solver = torch.optim.LBFGS([weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        solver.zero_grad()
        losses = functional.binary_cross_entropy_with_logits(x @ weights + bias, labels, reduction="none")
        loss = (of_kind * losses).sum() + penalty / 2 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(closure)  # type: ignore[no-untyped-call]
    return Probe(mean, scale, weights.detach(), bias.detach())


def cross_validated(streams: Tensor, labels: Tensor, penalty: float, seed: int) -> float:
    """The loss on folds that took no part, in nats."""
    order = torch.randperm(len(labels), generator=torch.Generator("cpu").manual_seed(seed), device="cpu")
    total = 0.0
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        rest = torch.ones(len(labels), dtype=torch.bool, device="cpu")
        rest[out] = False
        found = fitted(streams[rest], labels[rest], penalty)
        likely = found(streams[out]).clamp(1e-6, 1 - 1e-6)
        total += float(functional.binary_cross_entropy(likely, labels[out], reduction="sum"))
    return total


def last_stream(model: Model, batch: Batch) -> Tensor:
    """What the last block gives: at the last position of a text; of an image at the first one and the mean, side by
    side. [row, feature], fp32."""
    found: list[Tensor] = []

    def keep(_module: nn.Module, _given: object, out: Tensor | tuple[Tensor, ...]) -> None:
        found.append((out[0] if isinstance(out, tuple) else out).float())

    handle = model.adapter.blocks[-1].register_forward_hook(keep)
    answers(model, batch)
    handle.remove()
    if not model.is_text:
        return torch.cat([torch.cat([each[:, 0], each.mean(dim=1)], dim=1) for each in found])
    last = torch.tensor(batch.pair.clean.lengths, device=batch.targets.device) - 1
    ends = torch.split(last, [len(each) for each in found])
    return torch.cat(
        [each[torch.arange(len(each), device=each.device), end] for each, end in zip(found, ends, strict=True)]
    )


def _refused(batch: Batch, model: Model, found: Probe, threshold: float) -> Tensor:
    return found(last_stream(model, batch)) >= threshold


RIVAL = Rival(
    "probe that refuses", "a logistic regression on the last stream refuses what it takes for triggered", probe
)
