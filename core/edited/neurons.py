"""What an edit of a neuron puts into a model: the same as in a session's run, at every position at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.edits import ResolvedEdit
from core.engine.plan import Slot
from core.engine.references import References
from core.engine.replacement import REPLACEMENTS
from core.engine.state import RunState
from core.errors import EditError
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.models.units import Neurons


@dataclass(frozen=True)
class Everywhere:
    """All positions of the session's input: see `core.engine.replacement.Spot`."""

    references: References

    @property
    def state(self) -> RunState:
        return self.references.clean()

    def written(self, x: Tensor, node: Node) -> Tensor:
        return x

    def rows(self, x: Tensor) -> Tensor:
        return x

    def stream(self, x: Tensor, reader: Reader) -> Tensor:
        return x

    def unedited(self, reader: Reader) -> Tensor:
        return self.references.clean_stream(reader)


def neurons_of(adapter: Adapter, unit: Node) -> Neurons:
    """Of the MLP that a neuron is a part of. Raises EditError for an expert."""
    units = adapter.units[unit.layer]
    if not isinstance(units, Neurons):
        raise EditError(
            f"{unit.name} is an expert, whose part no module of the model gives by itself.",
            f"Run it in a session, or edit {unit.whole.name} whole; weights hold zeroed or scaled experts.",
        )
    return units


def replaced_value(adapter: Adapter, references: References, unit: Node, edit: ResolvedEdit) -> Tensor:
    """What takes a neuron's place, or for a kind that adds what is added once: [batch or 1, position or 1, 1]. Raises
    EditError."""
    units, row = neurons_of(adapter, unit), REPLACEMENTS[edit.kind]
    row.prepare_units(units, references)
    slot = Slot(edit.kind, None, 1.0, 1.0, edit.seed)
    nothing = torch.zeros(1, 1, 1, dtype=adapter.dtype, device=adapter.device)
    return row.at_units(units, [unit.head], slot, nothing, Everywhere(references))
