"""Attention as the engine states it: projection of single heads, scores, masks, and the mix of values.

    scores = scale * q . k, soft-capped, + bias, masked;  z = softmax(scores and the sink's) v

Shapes: q [batch, n, heads, head_width]; k, v [batch, position, kv_heads, head_width]; z like q. The n queries stand
at given places of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from core.models.adapter import Adapter, AttentionWeights, Places, Shape
from core.models.spread import at_weight
from core.precision import widened

LONG = 1024  # positions: from there on no mask is made for a fused kernel that needs none
SCORES_BYTES = 256 * 2**20  # of scores [batch, head, n, position] at once, where no kernel is fused


def score_mask(adapter: Adapter, layer: int, queries: Places, heads: Sequence[int] | None = None) -> Tensor | None:
    """What is done to the scores of some heads (None: all): boolean, which keys each query sees, or where the family
    adds a bias, numbers to add (-inf where a query does not see). Broadcastable to [batch, head, n, position]; None
    where all see all."""
    window = adapter.attention[layer].window
    seen = queries.once(("seen", window), lambda: _visible(adapter.shape, window, queries))
    bias = adapter.score_bias(layer, queries)
    if bias is None:
        return seen
    if heads is not None and bias.shape[1] > 1:
        bias = bias[:, list(heads)]
    return bias if seen is None else bias.masked_fill(~seen, float("-inf"))


def _visible(shape: Shape, window: int | None, queries: Places) -> Tensor | None:
    if not shape.causal:
        return None
    keys = torch.arange(queries.length, device=queries.index.device)
    index = queries.index[:, None, :, None]
    seen = keys <= index
    if window is not None:
        seen &= keys > index - window
    return seen


def is_plain(adapter: Adapter, layer: int, queries: Places) -> bool:
    """Whether the queries are most positions of a long prompt, up to its end, and each sees itself and all before it
    and nothing else is done to scores: then a fused kernel needs no mask of [position, position]."""
    weights = adapter.attention[layer]
    if queries.length < LONG or not adapter.shape.causal or weights.window is not None or not _fused(weights):
        return False
    of_family = getattr(type(adapter), "score_bias", None)  # that of rules for gradients has its own ways
    return of_family is Adapter.score_bias and queries.once("late", lambda: _late(queries))


def _late(queries: Places) -> bool:
    """Whether they are the second half of the positions or more, one after the other."""
    first = queries.length - queries.index.shape[-1]
    late = torch.arange(first, queries.length, device=queries.index.device)[None]
    return 2 * first <= queries.length and torch.equal(queries.index, late)


def _fused(weights: AttentionWeights) -> bool:
    return weights.softcap is None and weights.sinks is None


def attend(
    weights: AttentionWeights, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool = False
) -> Tensor:
    """z: what each head mixes from the values, before w_o. k and v may have fewer heads than q, then each serves a
    group. Fused kernels drop soft-caps and sinks, so these go the long way, of long prompts some queries at a time.
    causal: see `is_plain`."""
    group = q.shape[2] // k.shape[2]
    if group > 1:
        k = k.repeat_interleave(group, dim=2)
        v = v.repeat_interleave(group, dim=2)
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    if _fused(weights):
        before = k.shape[2] - q.shape[2] if causal else 0  # queries that the kernel counts from the first position
        q = F.pad(q, (0, 0, before, 0)) if before else q
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=weights.scale, is_causal=causal)
        mixed = mixed[:, :, before:] if before else mixed
    else:
        mixed = _mix_by_parts(weights, q, k, v, mask)
    return mixed.transpose(1, 2)


def _mix_by_parts(weights: AttentionWeights, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """The same the long way. Scores of a part of the queries are made again on the way back, where a gradient comes."""
    rows = max(1, SCORES_BYTES // (q.shape[0] * q.shape[1] * k.shape[2] * q.element_size()))
    if rows >= q.shape[2]:
        return _shares(weights, q, k, mask) @ v

    def mixed(some: Tensor, seen: Tensor | None) -> Tensor:
        return _shares(weights, some, k, seen) @ v

    parts = []
    for start in range(0, q.shape[2], rows):
        part = slice(start, start + rows)
        seen = mask if mask is None or mask.shape[2] == 1 else mask[:, :, part]
        parts.append(checkpoint(mixed, q[:, :, part], seen, use_reentrant=False))
    return torch.cat(parts, dim=2)


def _shares(weights: AttentionWeights, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """Attention [batch, head, n, position] of q [batch, head, n, head_width] to k [batch, head, position, ...]."""
    return _scores(weights, q, k, mask).softmax(dim=-1)[..., : k.shape[2]]


def _scores(weights: AttentionWeights, q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """What the softmax is taken of: where the heads have sinks, theirs come last."""
    return finished_scores(weights, q @ k.transpose(2, 3) * weights.scale, mask)


def finished_scores(weights: AttentionWeights, scaled_scores: Tensor, mask: Tensor | None) -> Tensor:
    """The same from scale * q . k, [batch, head, n, position]."""
    scores = soft_capped(weights, scaled_scores)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else scores + mask
    if weights.sinks is None:
        return scores
    sinks = weights.sinks.to(scores.dtype)[:, None, None].expand(scores.shape[0], -1, scores.shape[2], 1)
    return torch.cat([scores, sinks], dim=-1)


def soft_capped(weights: AttentionWeights, scores: Tensor) -> Tensor:
    return scores if weights.softcap is None else weights.softcap * torch.tanh(scores / weights.softcap)


def of_heads(weights: AttentionWeights, heads: Sequence[int]) -> AttentionWeights:
    """The weights for `attend` where q, k and v hold these heads alone."""
    return weights if weights.sinks is None else replace(weights, sinks=weights.sinks[list(heads)])


def pattern(shape: Shape, weights: AttentionWeights, q: Tensor, k: Tensor, head: int, mask: Tensor | None) -> Tensor:
    """Attention of one head: [batch, n, position]. Rows sum to 1, or to less where the head has a sink. mask: of that
    head."""
    return head_scores(shape, weights, q, k, head, mask).softmax(dim=-1)[..., : k.shape[1]]


def head_scores(
    shape: Shape, weights: AttentionWeights, q: Tensor, k: Tensor, head: int, mask: Tensor | None
) -> Tensor:
    """The scores of one head, soft-capped and masked, in fp32: [batch, n, position], and the sink's last where it has
    one."""
    key = head * shape.kv_heads // shape.heads
    of_head = q[:, :, head : head + 1].transpose(1, 2), k[:, :, key : key + 1].transpose(1, 2)
    return _scores(of_heads(weights, [head]), widened(of_head[0]), widened(of_head[1]), mask)[:, 0]


def write_heads(
    weights: AttentionWeights, z: Tensor, linear: Callable[..., Tensor] = F.linear
) -> tuple[Tensor, Tensor | None]:
    """What attention adds to the stream, b_o included, and the factor of its joint scale, if it has one. linear: how
    to multiply with a weight."""
    if weights.joint_scale is None:
        return linear(z.flatten(2), weights.w_o, weights.b_o), None
    total = linear(z.flatten(2), weights.w_o)
    factor = weights.joint_scale(z.flatten(2), total)
    added = scaled(total, factor)
    return added if weights.b_o is None else added + weights.b_o, factor


def head_out(weights: AttentionWeights, z: Tensor, head: int, factor: Tensor | None) -> Tensor:
    """What one head adds to the stream: its z [batch, n, head_width] to [batch, n, width]. factor: of the joint
    scale in that pass."""
    d = z.shape[-1]
    out = at_weight(F.linear, z, weights.w_o[:, head * d : (head + 1) * d])
    return out if factor is None else scaled(out, factor)


def scaled(out: Tensor, factor: Tensor) -> Tensor:
    """What heads add, by the factor of their joint scale: rounded once, as a norm does it in half precision."""
    return (out * factor).to(out.dtype)


def heads_out(weights: AttentionWeights, z: Tensor, heads: Sequence[int], out: Tensor | None = None) -> Tensor:
    """What some heads add to the stream: their z [..., n, heads, head_width] to [heads, ..., n, width]. Without the
    joint scale. out: where to write it, [heads, n, width]."""
    d = z.shape[-1]
    w = weights.w_o.T.unflatten(0, (-1, d))  # type: ignore[no-untyped-call]
    if len(heads) < len(w):
        w = w[list(heads)]
    by_head = z.movedim(-2, 0)
    if out is not None and w.device == out.device:
        return torch.bmm(by_head, w, out=out)
    outs = at_weight(torch.matmul, by_head.flatten(1, -2), w).unflatten(1, by_head.shape[1:-1])  # type: ignore[no-untyped-call]
    return outs if out is None else out.copy_(outs)
