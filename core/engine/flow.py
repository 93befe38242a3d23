"""What flows along edited edges of one pass: the input of an edited reader, and what an edited node carries.

`core/edits.py` states it. Rows are given as a first one (`first`, in a causal model) or as the positions that the
output reads (`reads`, [batch, n]), of which the last layer computes nothing else.
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
from core.engine.state import RunState, stream_before, take
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.positions import Rows
from core.precision import wide_dtype, widened
from core.replacements.table import REPLACEMENTS


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
        self._masks: dict[tuple[Rows, int], Tensor] = {}
        self._sums = EdgeSums(state.plan, adapter.graph.n_writers)

    def read(self, reader: Reader, plan: ReaderPlan, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """x_r: the stream at the given rows, with the reader's own edits and those of its edges: summed in fp32, and
        rounded once to the precision that the stream has."""
        assert self.references is not None
        if self._sums.takes([plan], x):
            return self._sums.read([plan], x, first, reads, self._set_changes)[0]
        dtype, x = x.dtype, widened(x)
        for slot in plan.slots:
            value = self._reader_value(reader, slot, x, first, reads)
            x = x + self._share(slot, first, reads) * (value - x)
        for number, slot in plan.edges:
            node = self.graph.writers[number]
            current = out = widened(self.rows(self.state.out(self.adapter, node), node, first, reads))
            if number in self.state.node_deltas:
                current = current + self.rows(self.state.node_deltas[number], node, first, reads)
            for own in plan.slots:
                if own.adds:
                    continue  # to the sum of all edges: none of them carries it
                value = self._node_value(node, own, out, first, reads)
                current = current + self._share(own, first, reads) * (value - current)
            value = self._node_value(node, slot, out, first, reads)
            x = x + self._share(slot, first, reads) * (value - current)
        return x.to(dtype)

    def read_many(
        self, readers: Sequence[tuple[Reader, ReaderPlan]], x: Tensor, first: int, reads: Tensor | None
    ) -> Tensor:
        """The same for several readers at one place: [readers, batch, rows, width]."""
        plans = [plan for _, plan in readers]
        if self._sums.takes(plans, x):
            return self._sums.read(plans, x, first, reads, self._set_changes)
        return torch.stack([self.read(reader, plan, x, first, reads) for reader, plan in readers])

    def _set_changes(
        self, changes: Tensor, numbers: Sequence[int], slot: Slot, first: int, reads: Tensor | None
    ) -> None:
        """Set what edges of some writers carry more by an edit than without it, where their reader has no edits, among
        those of all [writers, batch, rows, width]."""
        of_layers: dict[int, list[int]] = {}
        for number in numbers:
            node = self.graph.writers[number]
            alone = (
                node.kind != "head" or self.state.factors[node.layer] is not None or self.dtype != self.adapter.dtype
            )
            if alone or number in self.state.node_deltas or slot.kind not in ("patch", "zero"):
                out = widened(self.rows(self.state.out(self.adapter, node), node, first, reads))
                value = self._node_value(node, slot, out, first, reads)
                if number in self.state.node_deltas:
                    out = out + self.rows(self.state.node_deltas[number], node, first, reads)
                changes[number] = value - out
            else:
                of_layers.setdefault(node.layer, []).append(number)
        for layer, heads in of_layers.items():  # what a head writes is linear in what it mixes: one product for all
            mixed = self._mixed(self.state.z[layer], heads, first, reads)
            change = -mixed
            if slot.kind == "patch":
                assert self.references is not None
                of_b = self.references.counterfactual(self.state.reads is None).z[layer]
                change = self._mixed(self.references.rows(of_b), heads, first, reads) - mixed
            which = [self.graph.writers[number].head for number in heads]
            changes[heads] = heads_out(self.adapter.attention[layer], change, which)

    def _mixed(self, z: Tensor, heads: Sequence[int], first: int, reads: Tensor | None) -> Tensor:
        """Rows of what some heads of a layer mix: [batch, rows, heads, head_width]."""
        rows = self.rows(z.flatten(2), self.graph.writers[heads[0]], first, reads)
        by_head = rows.unflatten(2, z.shape[2:])  # type: ignore[no-untyped-call]
        return by_head[:, :, [self.graph.writers[number].head for number in heads]]  # type: ignore[no-any-return]

    def node_delta(self, number: int, slots: Sequence[Slot], out: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """What an edited node carries, less what it adds, at the rows of `out`."""
        node = self.graph.writers[number]
        carried = wide = widened(out)
        for slot in slots:
            value = self._node_value(node, slot, wide, first, reads)
            carried = carried + self._share(slot, first, reads) * (value - carried)
        return (carried - wide).to(out.dtype)

    def keep_delta(self, number: int, delta: Tensor, reads: Tensor | None) -> Tensor:
        """Remember a delta over all positions (zero below the first row) for readers to come; return it as it
        is."""
        missing = self.length - delta.shape[1] if reads is None else 0
        self.state.node_deltas[number] = F.pad(delta, (0, 0, missing, 0)) if missing else delta
        return delta

    def _node_value(self, node: Node, slot: Slot, out: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """The full replacement of what a node writes, broadcastable to the rows."""
        return REPLACEMENTS[slot.kind].at_node(node, slot, out, PassRows(self, first, reads))

    def _reader_value(self, reader: Reader, slot: Slot, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """The full replacement of all that a reader reads. Biases of no head stay."""
        return REPLACEMENTS[slot.kind].at_reader(reader, slot, x, PassRows(self, first, reads))

    def unedited(self, reader: Reader, first: int, reads: Tensor | None) -> Tensor:
        """What a reader would read without edits of nodes, at its rows."""
        stream = widened(self.cut(stream_before(self.state, reader, self.shape.parallel), first, reads))
        for number, delta in self.state.node_deltas.items():
            if number < self.graph.writers_before(reader):
                stream = stream - self.rows(delta, self.graph.writers[number], first, reads)
        return stream

    def cut(self, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """Rows of a stream: those the output reads (if x does not hold just those already), or from `first`
        on."""
        if reads is not None:
            return x if x.shape[1] == reads.shape[1] and x.shape[1] != self.length else take(x, reads)
        return x[:, first:]

    def rows(self, x: Tensor, node: Node | None, first: int, reads: Tensor | None) -> Tensor:
        """Rows of what a node wrote. What the last layer wrote stands at the read positions already."""
        if reads is None:
            return x if x.shape[1] == 1 else x[:, first:]
        written_there = node is not None and node.kind != "input" and node.layer == self.shape.layers - 1
        return x if written_there else take(x, reads)

    def _share(self, slot: Slot, first: int, reads: Tensor | None) -> Tensor | float:
        """How much of a slot applies at each row: its strength at its positions, 0 elsewhere."""
        if slot.positions is None:
            return slot.strength
        key = (slot.positions, -1 if reads is not None else first)
        mask = self._masks.get(key)
        if mask is None:
            size = (len(slot.positions), self.length, 1)
            everywhere = torch.zeros(size, dtype=self.dtype, device="cpu")  # filled there: once over, not row by row
            for row, places in enumerate(slot.positions):
                everywhere[row, list(places)] = 1.0
            everywhere = everywhere.to(self.adapter.device)
            mask = everywhere[:, first:] if reads is None else take(everywhere, reads)
            self._masks[key] = mask
        return mask * slot.strength


@dataclass(frozen=True)
class PassRows:
    """The rows of a pass that a replacement puts its values in: see `core.replacements.replacement.Spot`."""

    flow: Flow
    first: int
    reads: Tensor | None

    @property
    def references(self) -> References:
        assert self.flow.references is not None
        return self.flow.references

    @property
    def state(self) -> RunState:
        return self.flow.state

    def written(self, x: Tensor, node: Node) -> Tensor:
        return self.flow.rows(self.references.rows(x), node, self.first, self.reads)

    def rows(self, x: Tensor) -> Tensor:
        return self.flow.rows(self.references.rows(x), None, self.first, self.reads)

    def stream(self, x: Tensor) -> Tensor:
        return self.flow.cut(self.references.rows(x), self.first, self.reads)

    def unedited(self, reader: Reader) -> Tensor:
        return self.flow.unedited(reader, self.first, self.reads)
