"""What flows along edited edges of one pass: the input of an edited reader, and what an edited node carries.

`core/edits.py` states it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.attention import heads_out
from core.engine.edge_sums import EdgeSums
from core.engine.plan import ReaderPlan, Slot
from core.engine.references import References
from core.engine.replacement import REPLACEMENTS, Ablation
from core.engine.routing import Edited, rerouted, reroutes
from core.engine.rows import Held, Rows
from core.engine.state import RunState
from core.engine.units import edited_mlp, edited_values
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.models.mixtures import Experts
from core.positions import RowPositions
from core.precision import wide_dtype, widened


class Flow:
    """The edits of one pass, from what its state holds so far. references: None in a pass without edits."""

    def __init__(self, adapter: Adapter, state: RunState, references: References | None) -> None:
        self.adapter = adapter
        self.shape = adapter.shape
        self.graph = adapter.graph
        self.state = state
        self.references = references
        self.length = state.embedding.shape[1]
        self.dtype = wide_dtype(adapter.dtype)
        self._masks: dict[tuple[RowPositions, int], Tensor] = {}
        self._sums = EdgeSums(state.plan, adapter.graph.n_writers)

    def read(self, reader: Reader, plan: ReaderPlan, x: Tensor, rows: Rows) -> Tensor:
        """x_r: the stream at the given rows, with the reader's own edits and those of its edges: summed in fp32, and
        rounded once to the precision that the stream has."""
        assert self.references is not None
        if self._sums.takes([plan], x):
            return self._sums.read([plan], x, rows, self._set_changes)[0]
        dtype, x = x.dtype, widened(x)
        for slot in plan.slots:
            value = self._reader_value(reader, slot, x, rows)
            x = x + self._share(slot, rows) * (value - x)
        for number, slot in plan.edges:
            node = self.graph.writers[number]
            current = out = widened(self.state.out_at(self.adapter, node, rows))
            if number in self.state.node_deltas:
                current = current + self._delta(number, rows)
            for of_reader in plan.slots:
                if of_reader.adds:
                    continue  # to the sum of all edges: none of them carries it
                value = self._node_value(node, of_reader, out, rows)
                current = current + self._share(of_reader, rows) * (value - current)
            value = self._node_value(node, slot, out, rows)
            x = x + self._share(slot, rows) * (value - current)
        return x.to(dtype)

    def read_many(self, readers: Sequence[tuple[Reader, ReaderPlan]], x: Tensor, rows: Rows) -> Tensor:
        """The same for several readers at one place: [readers, batch, rows, width]."""
        plans = [plan for _, plan in readers]
        if self._sums.takes(plans, x):
            return self._sums.read(plans, x, rows, self._set_changes)
        return torch.stack([self.read(reader, plan, x, rows) for reader, plan in readers])

    def _set_changes(self, changes: Tensor, numbers: Sequence[int], slot: Slot, rows: Rows) -> None:
        """Set what edges of some writers carry more by an edit than without it, where their reader has no edits, among
        those of all [writers, batch, rows, width]."""
        carried = REPLACEMENTS[slot.kind]
        linear = isinstance(carried, Ablation) and (carried.one_run or carried.nothing)
        of_layers: dict[int, list[int]] = {}
        for number in numbers:
            node = self.graph.writers[number]
            alone = (
                node.kind != "head" or self.state.factors[node.layer] is not None or self.dtype != self.adapter.dtype
            )
            if alone or number in self.state.node_deltas or not linear:
                out = widened(self.state.out_at(self.adapter, node, rows))
                value = self._node_value(node, slot, out, rows)
                if number in self.state.node_deltas:
                    out = out + self._delta(number, rows)
                changes[number] = value - out
            else:
                of_layers.setdefault(node.layer, []).append(number)
        for layer, heads in of_layers.items():  # what a head writes is linear in what it mixes: one product for all
            mixed = self._mixed(self.state.z[layer], heads, rows)
            change = -mixed
            if isinstance(carried, Ablation) and carried.one_run:
                assert self.references is not None
                z = carried.run(self.references, self.state.reads is None).z[layer]
                change = self._mixed(self.references.rows(z), heads, rows) - mixed
            head_numbers = [self.graph.writers[number].head for number in heads]
            changes[heads] = heads_out(self.adapter.attention[layer], change, head_numbers)

    def _mixed(self, z: Tensor, heads: Sequence[int], rows: Rows) -> Tensor:
        """Rows of what some heads of a layer mix: [batch, rows, heads, head_width]."""
        of_writer = Held(z, self.state.rows_of(self.graph.writers[heads[0]]))
        return of_writer.at(rows)[:, :, [self.graph.writers[number].head for number in heads]]

    def node_delta(self, number: int, slots: Sequence[Slot], out: Tensor, rows: Rows) -> Tensor:
        """What an edited node carries, less what it adds, at the rows of `out`."""
        node = self.graph.writers[number]
        carried = wide = widened(out)
        for slot in slots:
            value = self._node_value(node, slot, wide, rows)
            carried = carried + self._share(slot, rows) * (value - carried)
        return (carried - wide).to(out.dtype)

    def keep_delta(self, number: int, delta: Tensor, rows: Rows) -> Tensor:
        """Remember a delta over all positions (zero below the first row) for readers to come; return it as it
        is."""
        missing = rows.first
        self.state.node_deltas[number] = F.pad(delta, (0, 0, missing, 0)) if missing else delta
        return delta

    def mlp(self, layer: int, normed: Tensor, edited: Edited, rows: Rows) -> Tensor:
        """What an MLP adds at some rows, where units of it are edited. normed: what it reads there."""
        units = self.adapter.units[layer]
        assert units is not None
        return edited_mlp(units, normed, edited, PassRows(self, rows), lambda slot: self._share(slot, rows))

    def routing(self, layer: int, normed: Tensor, edited: Edited, rows: Rows) -> tuple[Tensor, Tensor]:
        """A mixture's logits, and its weights as edits leave them: both [batch, rows, experts]."""
        units = self.adapter.units[layer]
        assert isinstance(units, Experts)
        logits, weights = units.routing(normed)
        if reroutes(edited):
            weights = rerouted(units, normed, weights, edited, lambda slot: self._share(slot, rows))
        return logits, weights

    def unit_values(self, layer: int, values: Tensor, edited: Edited) -> Tensor:
        """Values of all units of an MLP [batch, position, units * size], at every position, as edits of some leave
        them."""
        units, rows = self.adapter.units[layer], Rows(self.length)
        assert units is not None
        return edited_values(units, values, edited, PassRows(self, rows), lambda slot: self._share(slot, rows))

    def _node_value(self, node: Node, slot: Slot, out: Tensor, rows: Rows) -> Tensor:
        """The full replacement of what a node writes, broadcastable to the rows."""
        return REPLACEMENTS[slot.kind].at_node(node, slot, out, PassRows(self, rows))

    def _reader_value(self, reader: Reader, slot: Slot, x: Tensor, rows: Rows) -> Tensor:
        """The full replacement of all that a reader reads. Biases of no head stay."""
        return REPLACEMENTS[slot.kind].at_reader(reader, slot, x, PassRows(self, rows))

    def unedited(self, reader: Reader, rows: Rows) -> Tensor:
        """What a reader would read without edits of nodes, at its rows."""
        stream = widened(self.state.stream_at(reader, self.shape.parallel, rows))
        for number in self.state.node_deltas:
            if number < self.graph.writers_before(reader):
                stream = stream - self._delta(number, rows)
        return stream

    def _delta(self, number: int, rows: Rows) -> Tensor:
        """What an edited node carries, less what it adds, at some rows."""
        return Held(self.state.node_deltas[number], self.state.rows_of(self.graph.writers[number])).at(rows)

    def _share(self, slot: Slot, rows: Rows) -> Tensor | float:
        """How much of a slot applies at each row: its strength at its positions, 0 elsewhere."""
        if slot.positions is None:
            return slot.strength
        key = (slot.positions, -1 if rows.index is not None else rows.first)
        mask = self._masks.get(key)
        if mask is None:
            size = (len(slot.positions), self.length, 1)
            everywhere = torch.zeros(size, dtype=self.dtype, device="cpu")  # filled there: once over, not row by row
            for row, places in enumerate(slot.positions):
                everywhere[row, list(places)] = 1.0
            everywhere = everywhere.to(self.adapter.device)
            mask = rows.of(everywhere)
            self._masks[key] = mask
        return mask * slot.strength


@dataclass(frozen=True)
class PassRows:
    """The rows of a pass that a replacement puts its values in: see `core.engine.replacement.Spot`."""

    flow: Flow
    at: Rows

    @property
    def references(self) -> References:
        assert self.flow.references is not None
        return self.flow.references

    @property
    def state(self) -> RunState:
        return self.flow.state

    def written(self, x: Tensor, node: Node) -> Tensor:
        return Held(self.references.rows(x), self.state.rows_of(node)).at(self.at)

    def rows(self, x: Tensor) -> Tensor:
        return self.at.of(self.references.rows(x))

    def stream(self, x: Tensor, reader: Reader) -> Tensor:
        at_reader = self.state.rows_before(reader, self.flow.shape.parallel)
        return Held(self.references.rows(x), at_reader).at(self.at)

    def unedited(self, reader: Reader) -> Tensor:
        return self.flow.unedited(reader, self.at)
