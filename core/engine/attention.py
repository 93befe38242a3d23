"""Attention as the engine states it: projection of single heads, masks, and the mix of values.

Shapes: q [batch, n, heads, head_width]; k, v [batch, position, kv_heads, head_width]; z like q. The n queries
stand at absolute positions: from `first` to the end, or at an index [batch, n].
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from core.graph import Reader
from core.models.adapter import AttentionWeights, Shape


def split_qkv(shape: Shape, qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[batch, n, (heads + 2 kv_heads) * head_width] to q, k, v by head."""
    by_head = qkv.reshape(*qkv.shape[:2], -1, shape.head_width)
    q, k = shape.heads, shape.heads + shape.kv_heads
    return by_head[:, :, :q], by_head[:, :, q:k], by_head[:, :, k:]


def port_rows(shape: Shape, reader: Reader) -> slice:
    """Which rows of w_qkv project for a reader."""
    first = {"q": 0, "k": shape.heads, "v": shape.heads + shape.kv_heads}[reader.kind] + reader.head
    return slice(first * shape.head_width, (first + 1) * shape.head_width)


def project(weights: AttentionWeights, normed: Tensor, rows: slice | None = None) -> Tensor:
    """Normed stream [batch, n, width] through w_qkv, or through some of its rows."""
    if rows is None:
        return F.linear(normed, weights.w_qkv, weights.b_qkv)
    bias = None if weights.b_qkv is None else weights.b_qkv[rows]
    return F.linear(normed, weights.w_qkv[rows], bias)


def visible(
    shape: Shape, window: int | None, queries: Tensor | int, length: int, device: torch.device
) -> Tensor | None:
    """Which keys each query sees: boolean, broadcastable to [batch, head, n, position]; None where all see
    all."""
    if not shape.causal:
        return None
    if isinstance(queries, int):
        queries = torch.arange(queries, length, device=device)[None]
    keys = torch.arange(length, device=device)
    behind = queries[:, None, :, None] - keys
    seen = behind >= 0
    if window is not None:
        seen &= behind < window
    return seen


def attend(shape: Shape, weights: AttentionWeights, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """z: what each head mixes from the values, before w_o."""
    if shape.kv_heads != shape.heads:
        k = k.repeat_interleave(shape.heads // shape.kv_heads, dim=2)
        v = v.repeat_interleave(shape.heads // shape.kv_heads, dim=2)
    mixed = F.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=mask, scale=weights.scale
    )
    return mixed.transpose(1, 2)


def pattern(shape: Shape, weights: AttentionWeights, q: Tensor, k: Tensor, head: int, mask: Tensor | None) -> Tensor:
    """Attention weights of one head: [batch, n, position], rows sum to 1."""
    key = k[:, :, head * shape.kv_heads // shape.heads]
    scores = q[:, :, head] @ key.transpose(1, 2) * weights.scale
    if mask is not None:
        scores = scores.masked_fill(~mask[:, 0], float("-inf"))
    return scores.softmax(dim=-1)


def head_out(shape: Shape, weights: AttentionWeights, z: Tensor, head: int) -> Tensor:
    """What one head adds to the stream: z [batch, n, heads, head_width] to [batch, n, width]."""
    d = shape.head_width
    return F.linear(z[:, :, head], weights.w_o[:, head * d : (head + 1) * d])
