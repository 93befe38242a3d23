"""The mean over the clean inputs, position by position or over all positions (`core.engine.population`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Ablation, Cancelled
from core.graph import Node, Reader

if TYPE_CHECKING:
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
