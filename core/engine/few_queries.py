"""Attention of few queries, for which keys and values of every row would be made to be read once or twice: what a layer
of a scan does whose queries are those alone that the output reads.

    q . (W_k x + b_k)         = (W_k^T q) . x + q . b_k
    sum_j a_j (W_v x_j + b_v) = W_v (sum_j a_j x_j) + b_v sum_j a_j

So the rows go through two products a head of width 1 in place of head_width. The first holds where keys are used as
they are projected, neither normed nor turned; elsewhere keys are made.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.attention import finished_scores
from core.engine.layer import Below, LayerMath
from core.models.adapter import Places, Shape
from core.models.spread import at_weight


def pays(shape: Shape, dtype: torch.dtype, rows: int, queries: int) -> bool:
    """Whether this takes fewer multiplications than keys and values of `rows` rows, for so many queries each. In half
    precision it would round otherwise than keys do."""
    wide = dtype in (torch.float32, torch.float64)
    return wide and queries * shape.heads * (rows + shape.head_width) < rows * shape.kv_heads * shape.head_width


def mix_few(
    math: LayerMath, q: Tensor, normed: Tensor, queries: Places, keys: Places, below: Below | None = None
) -> Tensor:
    """z [batch, n, heads, head_width] of all heads. q: as it is projected. normed: what keys and values are made of,
    [batch, rows, width], at `keys`. below: where keys and values of the rows before them come from."""
    shape, weights = math.shape, math.weights
    group = shape.heads // shape.kv_heads
    of_k, of_v = (range(start, start + shape.kv_heads) for start in (shape.heads, shape.heads + shape.kv_heads))
    q = math.query(q, queries).unflatten(2, (shape.kv_heads, group))  # type: ignore[no-untyped-call]
    if math.adapter.plain_keys:
        w, b = math.port_weights(of_k)
        read = at_weight(lambda q, w: torch.einsum("bnkgd,kdw->bkgnw", q, w), q, w)
        scores = (read.flatten(1, 3) @ normed.transpose(1, 2)).unflatten(1, read.shape[1:4])  # type: ignore[no-untyped-call]
        if b is not None:
            scores = scores + torch.einsum("bnkgd,kd->bkgn", q, b[:, 0])[..., None]
    else:
        k = math.key(math.project(normed, of_k.start, of_k.stop), keys)
        scores = torch.einsum("bnkgd,bjkd->bkgnj", q, k)
    earlier = None if below is None else below.rows(math.layer, len(q))
    if earlier is not None:
        scores = torch.cat([torch.einsum("bnkgd,bjkd->bkgnj", q, earlier[0]), scores], dim=-1)
    scores = finished_scores(weights, scores.flatten(1, 2) * weights.scale, math.mask(queries))
    shares = scores.softmax(dim=-1)[..., : queries.length]
    of_rows = shares[..., queries.length - normed.shape[1] :]
    mean = (of_rows.flatten(1, 2) @ normed).unflatten(1, (shape.kv_heads, group, -1))  # type: ignore[no-untyped-call]
    w, b = math.port_weights(of_v)
    z = at_weight(lambda mean, w: torch.einsum("bkgnw,kdw->bnkgd", mean, w), mean, w)
    of_rows, shares = (x.unflatten(1, (shape.kv_heads, group)) for x in (of_rows, shares))  # type: ignore[no-untyped-call]
    if b is not None:
        z = z + torch.einsum("bkgn,kd->bnkgd", of_rows.sum(dim=-1), b[:, 0])
    if earlier is not None:
        z = z + torch.einsum("bkgnj,bjkd->bnkgd", shares[..., : earlier[1].shape[1]], earlier[1])
    return z.flatten(2, 3)
