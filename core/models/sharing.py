"""A module once more, with the same tensors in it: hooks and attributes of its own, and no memory for weights."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn


def sharing_copy(module: nn.Module) -> Any:
    """The same module, with the same parameters and buffers."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)
