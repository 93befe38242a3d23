"""Scale: what is there, times the edit's value. Of a reader without the biases that belong to no head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Scale(Replacement):
    name = "scale"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return out * slot.factor

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        bias = spot.references.bias_before(reader)
        return bias + (spot.unedited(reader) - bias) * slot.factor

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        return values * slot.factor
