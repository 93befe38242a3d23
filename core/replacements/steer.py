"""Steer: what is there, and the edit's vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Steer(Replacement):
    name = "steer"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return out + torch.tensor(slot.value, dtype=out.dtype, device=out.device)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return x + torch.tensor(slot.value, dtype=x.dtype, device=x.device)
