"""Project: what is there without its part along a direction (directional ablation; Arditi et al. 2024, "Refusal in
language models is mediated by a single direction"), or with a level of it that is given.

    x - (x . p - level) q        p: the direction, at length 1; q: p too, or another vector with p . q = 1

With another q the projection is oblique (as in LEACE, Belrose et al. 2023): what is measured along one vector is taken
out along another one. After it  x . p  is the level. Of a reader it is done to the sum of all that it reads, biases
included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot


class Project(Replacement):
    name = "project"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return _projected(slot, out)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return _projected(slot, x)


def _projected(slot: Slot, x: Tensor) -> Tensor:
    assert not isinstance(slot.value, float)
    along, taken, level = projection_of(slot.value, x.shape[-1])
    along, taken = along.to(x.device, x.dtype), taken.to(x.device, x.dtype)
    return x - ((x @ along)[..., None] - level) * taken


def projection_of(value: Sequence[float], width: int) -> tuple[Tensor, Tensor, float]:
    """p and q of an edit's value, [width] in fp64 on the CPU, and the level. value: as `core.edits` says it."""
    numbers = torch.tensor(list(value), dtype=torch.float64, device="cpu")
    along = numbers[:width] / numbers[:width].norm()
    out = numbers[width : 2 * width] if len(numbers) >= 2 * width else along
    return along, out / (out @ along), float(numbers[-1]) if len(numbers) % width == 1 else 0.0
