"""What half precision is allowed to touch: a model's parameters and its stream, and no sum, difference or metric.

bf16 has 8 bits: a sum of many numbers, the difference of two that are near, and the logarithm of a probability lose in
it what they are taken for. They are taken in fp32 whatever the model's precision, and rounded once where the model goes
on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp64": torch.float64}
HALF = (torch.float16, torch.bfloat16)
NO_WEIGHTS = ("k_bias",)  # timm's zeros, kept beside the weights of q_bias and v_bias to be joined with them


def precision_name(dtype: torch.dtype) -> str:
    """As `load_model` takes it: "fp32"; for what it does not load, as people write it."""
    names = {known: name for name, known in PRECISIONS.items()} | {torch.float16: "fp16"}
    return names.get(dtype, str(dtype).removeprefix("torch."))


def widened(x: Tensor) -> Tensor:
    """In fp32; x itself where it is no half precision."""
    return x.float() if x.dtype in HALF else x


def cast_parameters(module: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Bring a module to a device, and its weights to a precision, as the libraries do when they load it so: what is
    computed once and kept beside the weights (rotary angles, tables of positions) keeps its own precision. Angles in
    bf16 are wrong by .2 at position 500."""
    for parameter in module.parameters():
        if parameter.is_floating_point():
            parameter.data = parameter.data.to(device, dtype)
    cast_zeros(module, dtype)
    module.to(device)


def cast_zeros(module: nn.Module, dtype: torch.dtype) -> None:
    """Bring to a precision what is kept as if it were no weight."""
    for part in module.modules():
        for name in NO_WEIGHTS:
            if name in part._buffers:
                setattr(part, name, getattr(part, name).to(dtype))


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """The precision of sums of such numbers: fp32 for half precision, else their own."""
    return torch.float32 if dtype in HALF else dtype


class Widened(TorchFunctionMode):
    """While it is on, what is computed from half precision is computed in fp32: modules of a model in bf16 then take
    and give fp32."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = {name: _widened_all(value) for name, value in (kwargs or {}).items()}
        return func(*(_widened_all(value) for value in args), **kwargs)


def _widened_all(value: Any) -> Any:
    if isinstance(value, Tensor):
        return widened(value) if value.dtype in HALF else value
    return type(value)(_widened_all(part) for part in value) if type(value) in (list, tuple) else value
