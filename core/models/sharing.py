"""A module once more, with the same numbers in it: hooks, parameters and buffers of its own, and no memory for
weights."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn


def sharing_copy(module: nn.Module) -> Any:
    """The same module, with parameters and buffers of the same storage: `to` and `half` of the copy leave the original
    as it is. Tensors that are one stay one."""
    shared: dict[int, Any] = {id(each): _sharing(each) for each in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)


def _sharing(tensor: Tensor) -> Tensor:
    if type(tensor) is nn.Parameter:  # one of a library's own form goes along as it is
        return nn.Parameter(tensor.detach(), requires_grad=tensor.requires_grad)
    return tensor
