"""Patch: what is there in the run over the counterfactual B."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from core.engine.replacement import Ablation, Runs, Spot
from core.engine.units import of_stream
from core.errors import EditError
from core.graph import Node, Reader
from core.models.units import Units

if TYPE_CHECKING:
    from core.engine.plan import Slot
    from core.engine.references import References
    from core.engine.state import RunState


class Patch(Ablation):
    name = "patch"
    one_run = True

    def check(self, engine: Runs) -> None:
        if engine.counterfactual() is None:
            raise EditError("There is no counterfactual input to patch from.", "Give an input B, or use zero or mean.")

    def first_row(self, engine: Runs) -> int:
        return engine.first_patched_row

    def run(self, references: References, full: bool = True) -> RunState:
        return references.counterfactual(full)

    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        return references.patch_value(node, full)

    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        return references.patch_stream(reader, full)

    def at_node(self, node: Node, slot: Slot, out: Tensor, spot: Spot) -> Tensor:
        return spot.written(self.out(spot.references, node, spot.state.reads is None), node)

    def at_reader(self, reader: Reader, slot: Slot, x: Tensor, spot: Spot) -> Tensor:
        return spot.stream(self.before(spot.references, reader, spot.state.reads is None), reader)

    def at_units(self, units: Units, numbers: Sequence[int], slot: Slot, values: Tensor, spot: Spot) -> Tensor:
        reader = Reader("mlp", units.layer)
        stream = self.before(spot.references, reader, spot.state.reads is None)
        return of_stream(units, spot.stream(stream, reader), numbers)
