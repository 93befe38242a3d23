"""Linear maps whose weights are held in 8 bits: an int8 for each number and one scale for each output.

    scale[out] = max over in of |w[out, in]| / 127        number[out, in] = round(w[out, in] / scale[out])

(symmetric absmax rounding, row by row, as in Dettmers et al. 2022, LLM.int8(); here for weights alone: what is
multiplied with them keeps its precision). The weight is made in the precision that the model computes in each time that
it is asked for, and goes when nobody uses it: a model takes a byte a weight, and one layer in full.

A model's whole weights stay on disk beside that, so that what 8 bits change can be measured (`core.rounding`).
"""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import ModelError
from core.models.mapped_files import give_back
from core.models.sharing import sharing_copy
from core.precision import wide_dtype

LARGEST = 127  # of an int8, on either side
Part = tuple[tuple[int, ...], tuple[int, ...], int]  # shape, strides, offset


class EightBit(nn.Module):
    """A linear map of which `weight` is made anew each time. Its class is a subclass of what it was before, with the
    same name. In the module's parameters, "weight" is what is stored: int8, [out, in] (of GPT-2's Conv1D [in, out])."""

    scales: Tensor  # [out, 1] (of a Conv1D [out]), in fp32 or fp64
    computes: torch.dtype
    bias: Tensor | None

    @property
    def weight(self) -> Tensor:
        """In the precision that the model computes in. `stored` of it is the parameter that it was made of."""
        stored = self._parameters["weight"]
        assert stored is not None
        made = (stored.detach() * self.scales).to(self.computes)
        made.stored = stored  # type: ignore[attr-defined]
        return made

    def forward(self, x: Tensor) -> Tensor:
        """[..., out] of x [..., in]. What autograd keeps for the way back is not the weight: it is made anew there."""
        weight = self.weight
        address = weight.untyped_storage().data_ptr()

        def named(tensor: Tensor) -> Tensor | Part:
            if tensor.untyped_storage().data_ptr() != address:
                return tensor
            return tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset())

        def made(kept: Tensor | Part) -> Tensor:
            return kept if isinstance(kept, Tensor) else self.weight.as_strided(*kept)

        with torch.autograd.graph.saved_tensors_hooks(named, made):
            if isinstance(self, nn.Linear):
                return F.linear(x, weight, self.bias)
            assert self.bias is not None
            return torch.addmm(self.bias, x.flatten(0, -2), weight).view(*x.shape[:-1], -1)


def stored(weight: Tensor) -> Tensor:
    """The parameter that a weight was made of: itself where it is one."""
    parameter: Tensor = getattr(weight, "stored", weight)
    return parameter


def holds_eight_bits(module: nn.Module) -> bool:
    """Whether a part of a module has its weights in 8 bits."""
    return any(isinstance(part, EightBit) for part in module.modules())


def check_whole(module: nn.Module, what: str) -> None:
    """Raise ModelError for what needs weights as they were trained, as "A checkpoint" does."""
    if holds_eight_bits(module):
        raise ModelError(
            f"{what} needs the weights as they are, and these are rounded to 8 bits.",
            'Open the model with its weights in memory or on disk: weights="disk", or --weights disk.',
        )


def with_eight_bits(module: nn.Module, blocks: list[Any], dtype: torch.dtype) -> Any:
    """A copy of a module with the linear maps of its blocks in 8 bits and all else in memory, which computes in a
    precision. What has more than two dimensions, as the experts of a mixture, stays as and where it is. So does the
    module itself."""
    copied = sharing_copy(module)
    names = {id(part): name for name, part in module.named_modules()}
    inside = [part for block in blocks for part in copied.get_submodule(names[id(block)]).modules()]
    maps = [part for part in inside if type(part) is nn.Linear or type(part).__name__ == "Conv1D"]
    for part in maps:
        _round(part, dtype)
    experts = {id(each) for part in inside for each in part.parameters(recurse=False) if each.ndim > 2}
    for parameter in copied.parameters():
        if parameter.is_floating_point() and id(parameter) not in experts:
            whole = parameter.data
            parameter.data = whole.to(dtype, copy=True)
            give_back([whole])
    return copied.requires_grad_(False)


def _round(part: Any, dtype: torch.dtype) -> None:
    weight = part.weight.detach()
    wide = weight.to(wide_dtype(dtype))
    of_inputs = 1 if isinstance(part, nn.Linear) else 0
    scales = wide.abs().amax(dim=of_inputs, keepdim=True) / LARGEST
    scales.masked_fill_(scales == 0, 1)  # of a row of zeros
    numbers = (wide / scales).round_().to(torch.int8)
    give_back([weight])
    cls: Any = type(part)  # a class of modules is hashable, which the checker does not see
    part.__class__ = _eight_bit_class(cls)
    part._parameters["weight"] = nn.Parameter(numbers, requires_grad=False)
    part.register_buffer("scales", scales)
    part.computes = dtype


@functools.cache
def _eight_bit_class(cls: type[nn.Module]) -> type[nn.Module]:
    return type(cls.__name__, (EightBit, cls), {})
