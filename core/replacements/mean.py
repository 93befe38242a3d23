"""The mean over the clean inputs, position by position or over all positions (`core.engine.population`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Ablation, Cancelled, Spot
from core.engine.units import means_of
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot
    from core.engine.references import References


class Mean(Ablation):
    name = "mean"

    def prepare(self, references: References, cancelled: Cancelled = None) -> None:
        references.means(cancelled)

    def runs(self, rows: int) -> float:
        return float(rows)

    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        return references.mean_value(node)

    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        return references.mean_stream(reader)

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        return spot.rows(means_of(units, spot.references)[:, :, list(numbers)].flatten(2))

    def prepare_units(self, units: Units, references: References, cancelled: Cancelled = None) -> None:
        means_of(units, references, cancelled)
