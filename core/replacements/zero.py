"""Zero: nothing is written. Biases that belong to no head stay in the stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Ablation, Spot
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot
    from core.engine.references import References


class Zero(Ablation):
    name = "zero"
    nothing = True

    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        adapter = references.adapter
        return torch.zeros(1, 1, adapter.shape.width, dtype=adapter.dtype, device=adapter.device)

    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        return references.bias_before(reader)[None, None]

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        return torch.zeros_like(values)
