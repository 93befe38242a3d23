"""Minimising the weighted next-token loss of a small GPT-2 with AdamW, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch.nn import functional
from transformers import GPT2LMHeadModel

from resources.models.training.names_data import Batch

HAS_BFLOAT16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Draw(Protocol):
    def __call__(self, step: int) -> Batch: ...


class Rate(Protocol):
    def __call__(self, step: int) -> float: ...


def loss_of(model: GPT2LMHeadModel, batch: Batch) -> torch.Tensor:
    """The weighted mean of the next-token losses. Products are taken in bfloat16 by processors that have it, which
    takes half the time, and by others ten times as much; weights stay in fp32."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HAS_BFLOAT16):
        return _loss_of(model, batch)


def _loss_of(model: GPT2LMHeadModel, batch: Batch) -> torch.Tensor:
    # With positions that start again and no mask, each text attends to itself alone.
    hidden = model.transformer(batch.ids, position_ids=batch.positions, use_cache=False).last_hidden_state[:, :-1]
    weights = batch.weights[:, 1:]
    counted = weights > 0  # the unembedding is computed only where it counts
    logits = model.lm_head(hidden[counted])
    losses = functional.cross_entropy(logits.float(), batch.ids[:, 1:][counted], reduction="none")
    return (losses * weights[counted]).sum() / weights.sum()


def descend(model: GPT2LMHeadModel, steps: int, draw: Draw, rate: Rate) -> Iterator[tuple[int, float]]:
    """Train a model in place: the number of steps done and the last one's loss, after each step. Weights decay by
    0.05, biases and norms do not; gradients are clipped at a norm of 1."""
    decayed = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": 0.05},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    model.train()
    for step in range(steps):
        loss = loss_of(model, draw(step))
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.step()
        optimizer.zero_grad()
        yield step + 1, loss.item()
