"""Project: what is there without its part along one or several directions (directional ablation; Arditi et al. 2024,
"Refusal in language models is mediated by a single direction"), or with levels of it that are given.

    x - sum of (x . u - level) u over the directions u, which are at length 1 and at right angles

All else of it stays. Of a reader it is done to the sum of all that it reads, biases included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Replacement, Spot
from core.errors import EditError
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.plan import Slot

LEAST = 1e-9  # of its length, what is left of a direction at right angles to those before it


class Project(Replacement):
    name = "project"

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return _projected(slot, out)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return _projected(slot, x)


def _projected(slot: Slot, x: Tensor) -> Tensor:
    assert not isinstance(slot.value, float)
    units, levels = (each.to(x.device, x.dtype) for each in directions_of(slot.value, x.shape[-1]))
    return x - (x @ units.T - levels) @ units


def directions_of(value: Sequence[float], width: int) -> tuple[Tensor, Tensor]:
    """An edit's value as unit vectors at right angles [directions, width], each what is left of it beside those before
    it, and the levels along them [directions]; in fp64 on the CPU. value: one vector, whose level is 0; or vectors that
    are each followed by their level. Raises EditError where nothing is left of a vector."""
    numbers = torch.tensor(list(value), dtype=torch.float64, device="cpu")
    if len(numbers) == width:
        numbers = torch.cat([numbers, numbers.new_zeros(1)])
    rows = numbers.unflatten(0, (-1, width + 1))  # type: ignore[no-untyped-call]
    units: list[Tensor] = []
    for vector in rows[:, :width]:
        rest = vector
        for _ in range(2):  # once more for what rounding left
            for unit in units:
                rest = rest - (rest @ unit) * unit
        if float(rest.norm()) <= LEAST * float(vector.norm()):
            raise EditError("Of the directions to project out one lies in those before it.", "Leave it out.")
        units.append(rest / rest.norm())
    return torch.stack(units), rows[:, width]
