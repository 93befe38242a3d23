"""Noise: what is there, and normal numbers as large as that in the clean run, times the edit's value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Noise(Replacement):
    name = "noise"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return out + slot.factor * spot.rows(spot.references.noise(node, slot.seed))

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return x + slot.factor * spot.rows(spot.references.noise(reader, slot.seed))
