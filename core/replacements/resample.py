"""Resample: what is there in the run over another clean input, drawn by the edit's seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.engine.units import of_stream
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Resample(Replacement):
    name = "resample"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return spot.rows(spot.references.resampled_value(node, slot.seed))

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return spot.rows(spot.references.resampled_stream(reader, slot.seed))

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        stream = spot.references.resampled_stream(Reader("mlp", units.layer), slot.seed)
        return of_stream(units, spot.rows(stream), numbers)
