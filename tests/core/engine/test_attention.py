"""Attention by a loop over heads, queries and keys, for every option of a layer, and of a subset of heads."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from core.engine.attention import attend, of_heads, pattern
from core.models.adapter import AttentionWeights, Shape
from tests.core.engine.cases import TOLERANCE

SHAPE = Shape(1, 4, 2, 3, 5, causal=True, input_kind="text", output_kind="next token")
BATCH, QUERIES, KEYS = 2, 3, 6
OPTIONS = list(itertools.product([None, 1.5], [False, True], ["none", "seen", "bias"]))


def make(
    softcap: float | None, sinks: bool, kind: str
) -> tuple[AttentionWeights, Tensor, Tensor, Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(0)

    def draw(*size: int) -> Tensor:
        return torch.randn(*size, generator=generator, dtype=torch.float64)

    empty = torch.empty(0)
    weights = AttentionWeights(empty, None, empty, None, 0.7, softcap=softcap, sinks=draw(4) if sinks else None)
    q, k, v = draw(BATCH, QUERIES, 4, 3), draw(BATCH, KEYS, 2, 3), draw(BATCH, KEYS, 2, 3)
    seen = draw(1, 1, QUERIES, KEYS) > -0.5
    seen[..., 0] = True
    bias = draw(1, 4, QUERIES, KEYS).masked_fill(~seen, -math.inf)
    return weights, q, k, v, {"none": None, "seen": seen, "bias": bias}[kind]


def by_hand(weights: AttentionWeights, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """(z, the shares [batch, query, head, key]) one number at a time."""
    z, shares = torch.zeros_like(q), torch.zeros(*q.shape[:3], KEYS, dtype=q.dtype)
    for row, query, head in itertools.product(range(BATCH), range(QUERIES), range(4)):
        scores = []
        for key in range(KEYS):
            score = weights.scale * float(q[row, query, head] @ k[row, key, head // 2])
            if weights.softcap is not None:
                score = weights.softcap * math.tanh(score / weights.softcap)
            if mask is not None and mask.dtype == torch.bool:
                score = score if mask[0, 0, query, key] else -math.inf
            elif mask is not None:
                score += float(mask[0, head, query, key])
            scores.append(math.exp(score))
        total = sum(scores) + (0.0 if weights.sinks is None else math.exp(float(weights.sinks[head])))
        for key in range(KEYS):
            shares[row, query, head, key] = scores[key] / total
            z[row, query, head] += scores[key] / total * v[row, key, head // 2]
    return z, shares


@pytest.mark.parametrize(("softcap", "sinks", "kind"), OPTIONS)
def test_attention_is_what_a_loop_gives(softcap: float | None, sinks: bool, kind: str) -> None:
    weights, q, k, v, mask = make(softcap, sinks, kind)
    z, shares = by_hand(weights, q, k, v, mask)
    assert (attend(weights, q, k, v, mask) - z).abs().max() <= TOLERANCE
    for head in range(4):
        own = mask[:, head : head + 1] if mask is not None and mask.shape[1] > 1 else mask
        found = pattern(SHAPE, weights, q, k, head, own)
        assert (found - shares[:, :, head]).abs().max() <= TOLERANCE
        assert bool((found.sum(-1) < 1 - 1e-3).all()) == sinks


@pytest.mark.parametrize(("softcap", "sinks", "kind"), OPTIONS)
def test_a_few_heads_alone(softcap: float | None, sinks: bool, kind: str) -> None:
    weights, q, k, v, mask = make(softcap, sinks, kind)
    heads = [0, 3]
    z = attend(weights, q, k, v, mask)[:, :, heads]
    own = mask[:, heads] if mask is not None and mask.shape[1] > 1 else mask
    few = attend(of_heads(weights, heads), q[:, :, heads], k[:, :, [0, 1]], v[:, :, [0, 1]], own)
    assert (few - z).abs().max() <= TOLERANCE
