"""Noise: what is there, and normal numbers as large as that in the clean run, times the edit's value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.engine.units import of_stream
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Noise(Replacement):
    name = "noise"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return out + slot.factor * spot.rows(spot.references.noise(node, slot.seed))

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return x + slot.factor * spot.rows(spot.references.noise(reader, slot.seed))

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        references, reader = spot.references, Reader("mlp", units.layer)
        clean = of_stream(units, references.clean_stream(reader), numbers).split(units.size, dim=2)  # type: ignore[no-untyped-call]
        drawn = [references.noise_of(x, units.node(n).name, slot.seed) for n, x in zip(numbers, clean, strict=True)]
        return values + slot.factor * spot.rows(torch.cat(drawn, dim=2))
