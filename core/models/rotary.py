"""Rotary position embeddings, in the two layouts that models store them in.

qk [batch, n, head, head_width]; cos and sin [batch or 1, n, turned], where the first `turned` numbers of a head are
turned and the rest stays. Some models give cos and sin in fp32 whatever their dtype: what is turned keeps its own.
"""

from __future__ import annotations

import torch
from torch import Tensor


def rotate_halves(qk: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Number i turns with number i + turned / 2 (Llama, GPT-NeoX). cos and sin hold each angle twice, as halves."""
    turned = cos.shape[-1]
    x, rest = qk[..., :turned], qk[..., turned:]
    other = torch.cat((-x[..., turned // 2 :], x[..., : turned // 2]), dim=-1)
    rotated = (x * cos.unsqueeze(2) + other * sin.unsqueeze(2)).to(qk.dtype)
    return torch.cat((rotated, rest), dim=-1) if rest.shape[-1] else rotated


def rotate_pairs(qk: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Number 2i turns with number 2i + 1 (GPT-J, Cohere). cos and sin hold each angle twice, side by side."""
    turned = cos.shape[-1]
    x, rest = qk[..., :turned], qk[..., turned:]
    other = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)
    rotated = (x * cos.unsqueeze(2) + other * sin.unsqueeze(2)).to(qk.dtype)
    return torch.cat((rotated, rest), dim=-1) if rest.shape[-1] else rotated
