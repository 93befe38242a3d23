"""A hash of a model's weights, so that figures are known to be of just this model."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import Cancelled

ROUNDING = 0.01  # of a mean size: bf16 has three digits, and a parameter may be one number
SMALLEST = 1e-6  # below it fp16 has few digits left

# By the kinds of its parameters: a model that was opened is cast in place to the precision that it computes in.
_known: weakref.WeakKeyDictionary[nn.Module, tuple[list[torch.dtype], str]] = weakref.WeakKeyDictionary()


def weights_hash(module: nn.Module, cancelled: Callable[[], bool] = lambda: False) -> str:
    """SHA-256, in hexadecimal digits, over all parameters and saved buffers of a module as they are in memory: their
    kinds, shapes and numbers. What they are called and their order do not count, so that a library that names them
    otherwise gives the same hash; another precision gives another one. Remembered for the module and
    its precision: nothing here changes its weights otherwise. Raises Cancelled."""
    kinds = [each.dtype for each in module.parameters()]
    if module not in _known or _known[module][0] != kinds:
        digests = set()  # tied weights stand there several times
        for tensor in module.state_dict().values():
            if cancelled():
                raise Cancelled
            if isinstance(tensor, Tensor):
                digests.add(_digest(tensor))
        _known[module] = kinds, hashlib.sha256(b"".join(sorted(digests))).hexdigest()
    return _known[module][1]


def tokenizer_hash(tokenizer: Any) -> str:
    """SHA-256, in hexadecimal digits, over how a tokenizer cuts texts; empty without one."""
    if tokenizer is None:
        return ""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    rules = fast.to_str() if fast is not None else repr(sorted(tokenizer.get_vocab().items()))
    return hashlib.sha256(f"{rules} {sorted(tokenizer.all_special_ids)}".encode()).hexdigest()


def weights_sketch(module: nn.Module) -> tuple[tuple[int, float], ...]:
    """What is left of a model's weights in any precision: of each parameter the count of its numbers and the mean of
    their sizes, sorted. Names do not count."""
    sizes = (
        (each.numel(), float(each.detach().cpu().abs().mean(dtype=torch.float64)))
        for each in module.parameters()  # tied ones once
        if each.numel()
    )
    return tuple(sorted((count, float(f"{size:.5g}")) for count, size in sizes))


def alike(one: Sequence[tuple[int, float]], other: Sequence[tuple[int, float]]) -> bool:
    """Whether two sketches may be of the same weights in two precisions."""
    return len(one) == len(other) and all(
        count == counted and abs(size - sized) <= ROUNDING * max(size, sized) + SMALLEST
        for (count, size), (counted, sized) in zip(one, other, strict=True)
    )


def _digest(tensor: Tensor) -> bytes:
    plain = tensor.detach().cpu().contiguous()
    sha = hashlib.sha256(f"{plain.dtype} {list(plain.shape)} ".encode())
    sha.update(plain.reshape(-1).view(torch.uint8).numpy().data)
    return sha.digest()
