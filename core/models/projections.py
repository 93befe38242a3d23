"""Attention weights out of a block's modules: separate projections, LayerScale, a norm before the output projection."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.models.adapter import AttentionWeights, JointScale, optional_weight, weight
from core.precision import widened


def separate_projections(
    attention: Any, output: str, scale: float, layer_scale: Tensor | None = None
) -> AttentionWeights:
    """The weights of an attention with q_proj, k_proj, v_proj and an output projection of a given name. layer_scale:
    the vector [width] that multiplies what it writes."""
    w_qkv, b_qkv = stack_projections(attention)
    w_o = weight(attention, f"{output}.weight").detach()
    b_o = optional_weight(attention, f"{output}.bias")
    return AttentionWeights(w_qkv, b_qkv, *scaled(w_o, b_o, layer_scale), scale=scale)


def stack_projections(attention: Any) -> tuple[Tensor, Tensor | None]:
    """q_proj, k_proj and v_proj as one. A projection without a bias beside one that has it gets zeros."""
    names = ("q_proj", "k_proj", "v_proj")
    weights = [weight(attention, f"{name}.weight").detach() for name in names]
    biases = [optional_weight(attention, f"{name}.bias") for name in names]
    if all(bias is None for bias in biases):
        return torch.cat(weights), None
    filled = [w.new_zeros(w.shape[0]) if b is None else b for w, b in zip(weights, biases, strict=True)]
    return torch.cat(weights), torch.cat(filled)


def scaled(w_o: Tensor, b_o: Tensor | None, layer_scale: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """An output projection and its bias, with LayerScale in them."""
    if layer_scale is None:
        return w_o, b_o
    return w_o * layer_scale[:, None], None if b_o is None else b_o * layer_scale


def through_norm(norm: Any, w_o: Tensor, b_o: Tensor | None) -> tuple[Tensor, Tensor | None, JointScale]:
    """An output projection with a norm of all heads' z before it, stated as one projection and a joint scale.

    A LayerNorm is (z - mean) / deviation * weight + bias: all of it but the deviation is linear in z and goes into the
    projection; the deviation is the joint scale. An RMSNorm has no mean and no bias. Raises ModelError for other norms.
    """
    centred = isinstance(norm, nn.LayerNorm)
    if not centred and not type(norm).__name__.startswith("RmsNorm"):
        raise ModelError(
            f"A model with a {type(norm).__name__} over what the heads write is not supported.",
            "LayerNorm and RmsNorm are supported there.",
        )
    bias, dtype = getattr(norm, "bias", None), w_o.dtype
    wide_w, wide_b = widened(w_o), b_o
    if bias is not None:
        moved = wide_w @ widened(bias.detach())
        wide_b = moved if b_o is None else widened(b_o) + moved
    if norm.weight is not None:
        wide_w = wide_w * widened(norm.weight.detach())
    if centred:
        wide_w = wide_w - wide_w.mean(dim=1, keepdim=True)

    def scale(z: Tensor, _total: Tensor) -> Tensor:
        wide = widened(z)
        spread = wide.var(-1, unbiased=False, keepdim=True) if centred else wide.square().mean(-1, keepdim=True)
        return torch.rsqrt(spread + norm.eps)

    return wide_w.to(dtype), None if wide_b is None else wide_b.to(dtype), scale
