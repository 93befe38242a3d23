"""Rotary position embeddings, in the two layouts that models store them in.

qk [batch, n, head, head_width]; cos and sin [batch or 1, n, turned], where the first `turned` numbers of a head are
turned and the rest stays. Some models give cos and sin in fp32 whatever their dtype: what is turned keeps its own.

Scaled positions reach further than the model's first context; dynamic ones turn by angles that grow with the longest
input so far, so that what a module answers depends on what it was asked before: here every pass is a first one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

STRETCHED = ("linear", "dynamic", "yarn")  # the factor counts from the length before
STATED = ("longrope", "su", "llama3")  # the configuration's length is the one after scaling


def context_length(config: Any) -> int:
    """How many positions a language model takes: max_position_embeddings, or more where its rotary positions are
    scaled. Where scaling differs by layer the configuration states the length after it."""
    length = int(config.max_position_embeddings)
    scaling = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    kind = scaling.get("rope_type", scaling.get("type"))
    factor = scaling.get("factor")
    if kind not in (*STRETCHED, *STATED) or not isinstance(factor, int | float):
        return length
    before = scaling.get("original_max_position_embeddings") or getattr(
        config, "original_max_position_embeddings", None
    )
    if kind in STATED and before is not None and length > int(before):
        return length
    return max(length, int(int(before or length) * factor))


def growing_parts(module: nn.Module) -> list[Any]:
    """The rotary embeddings whose angles depend on the longest input so far."""
    return [part for part in module.modules() if "dynamic" in str(getattr(part, "rope_type", ""))]


def start_afresh(part: Any) -> None:
    """Put growing rotary embeddings back to where they were before the first input."""
    buffers = {**vars(part), **part._buffers}
    for name in [name for name in buffers if name.endswith("original_inv_freq")]:
        part.register_buffer(name.replace("original_inv_freq", "inv_freq"), buffers[name], persistent=False)
    for name in [name for name in vars(part) if name.endswith("max_seq_len_cached")]:
        setattr(part, name, part.original_max_seq_len)


_growing = threading.RLock()


@contextmanager
def first_pass(parts: list[Any]) -> Iterator[None]:
    """Growing rotary embeddings as before the first input; afterwards as they were. One thread at a time: engines of
    one model share its module."""
    if not parts:
        yield
        return
    with _growing, _afresh(parts):
        yield


@contextmanager
def _afresh(parts: list[Any]) -> Iterator[None]:
    kept = ("original_inv_freq", "max_seq_len_cached", "attention_scaling")
    before = [
        (dict(part._buffers), {name: value for name, value in vars(part).items() if name.endswith(kept)})
        for part in parts
    ]
    for part in parts:
        start_afresh(part)
    try:
        yield
    finally:
        for part, (buffers, values) in zip(parts, before, strict=True):
            part._buffers.update(buffers)
            vars(part).update(values)


def rotate_halves(qk: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Number i turns with number i + turned / 2 (Llama, GPT-NeoX). cos and sin hold each angle twice, as halves."""
    turned = cos.shape[-1]
    x, rest = qk[..., :turned], qk[..., turned:]
    turned_x = torch.cat((-x[..., turned // 2 :], x[..., : turned // 2]), dim=-1)
    rotated = (x * cos.unsqueeze(2) + turned_x * sin.unsqueeze(2)).to(qk.dtype)
    return torch.cat((rotated, rest), dim=-1) if rest.shape[-1] else rotated


def rotate_pairs(qk: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Number 2i turns with number 2i + 1 (GPT-J, Cohere). cos and sin hold each angle twice, side by side."""
    turned = cos.shape[-1]
    x, rest = qk[..., :turned], qk[..., turned:]
    turned_x = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)
    rotated = (x * cos.unsqueeze(2) + turned_x * sin.unsqueeze(2)).to(qk.dtype)
    return torch.cat((rotated, rest), dim=-1) if rest.shape[-1] else rotated
