"""One pass over the model with edits.

    x_r = stream at r + sum over edited edges (u -> r) of (replacement_u - out_u)

Steps, stage by stage from the first one that may differ from the run it starts from:
1. The reader's norm sees the stream; readers with edits see it with their sums added. Readers with the same
   edits share one norm.
2. Attention: queries only for the rows that may differ from the clean run (causal models: from `first_row`
   on), in the last layer only for the positions that the output reads; keys and values below `first_row` come
   from the clean run.
3. What heads and MLPs add goes to the stream. An edited node carries its replacement instead.
4. The output reads the stream at its positions: final norm, head.

Rows below `first_row` are the clean run's own, bit by bit. What is computed depends on the edits alone, never
on the run it starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.attention import attend, head_out, port_rows, project, score_mask, split_qkv, write_heads
from core.engine.plan import Plan, ReaderPlan, Slot
from core.engine.references import References
from core.engine.state import RunState, stream_before, take
from core.errors import Cancelled
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.positions import Rows


class Pass:
    """Fills `state` from `stage` on. `clean` is the clean run over the same positions; None while it is
    itself made."""

    def __init__(
        self, adapter: Adapter, state: RunState, references: References | None, clean: RunState | None
    ) -> None:
        self.adapter = adapter
        self.shape = adapter.shape
        self.graph = adapter.graph
        self.state = state
        self.plan: Plan = state.plan
        self.references = references
        self.clean = clean
        self.length = state.embedding.shape[1]
        self._masks: dict[tuple[Rows, int], Tensor] = {}

    def run(self, stage: int, cancelled: Callable[[], bool] | None = None) -> int:
        """Run every stage from `stage` on. Returns the first layer that was computed (`layers` if none)."""
        first_layer = self.shape.layers
        if stage < 0:
            self._input()
            stage = 0
        for layer in range(stage // 2, self.shape.layers):
            if cancelled is not None and cancelled():
                raise Cancelled
            if stage <= 2 * layer:
                self._attention(layer)
            if stage <= 2 * layer + 1:
                self._mlp(layer)
                first_layer = min(first_layer, layer)
        self._output()
        return first_layer

    # ---- stages ----

    def _input(self) -> None:
        state = self.state
        stream = state.embedding
        if self.plan.input_slots:
            delta = self._node_delta(0, self.plan.input_slots, stream, 0, None)
            state.node_deltas[0] = delta
            stream = stream + delta
        state.attention_in.append(stream)

    def _attention(self, layer: int) -> None:
        adapter, shape, state, clean = self.adapter, self.shape, self.state, self.clean
        stage = 2 * layer
        first = self.plan.first_row[stage] if clean is not None else 0
        last = layer == shape.layers - 1
        reads = state.reads if last else None
        if clean is not None and first >= self.length:
            for mine, its in (
                (state.q, clean.q),
                (state.k, clean.k),
                (state.v, clean.v),
                (state.z, clean.z),
                (state.factors, clean.factors),
                (state.after_attention, clean.after_attention),
            ):
                mine.append(its[layer])  # type: ignore[arg-type]
            return

        stream = state.attention_in[layer]
        weights = adapter.attention[layer]
        rows = stream[:, first:]
        normed = adapter.attention_norm(layer, rows)
        if reads is None:
            q, k, v = split_qkv(shape, project(weights, normed))
        else:
            heads = shape.heads * shape.head_width
            q_normed = adapter.attention_norm(layer, take(stream, reads))
            q = project(weights, q_normed, slice(0, heads)).reshape(*q_normed.shape[:2], shape.heads, shape.head_width)
            kv = project(weights, normed, slice(heads, None))
            kv = kv.reshape(*normed.shape[:2], -1, shape.head_width)
            k, v = kv[:, :, : shape.kv_heads], kv[:, :, shape.kv_heads :]
        for plan, readers in self._groups(stage):
            for at, kinds in (((first, None), "qkv"),) if reads is None else (((first, None), "kv"), ((0, reads), "q")):
                members = [reader for reader in readers if reader.kind in kinds]
                if not members:
                    continue
                x = self._read(members[0], plan, take(stream, at[1]) if at[1] is not None else rows, *at)
                x_normed = adapter.attention_norm(layer, x)
                for reader in members:
                    own = {"q": q, "k": k, "v": v}[reader.kind]
                    own[:, :, reader.head] = project(weights, x_normed, port_rows(shape, reader))

        queries = state.places(first if reads is None else reads)
        q = adapter.query(layer, q, queries)
        k = adapter.key(layer, k, queries if reads is None else state.places(first))
        if first > 0 and clean is not None:
            k = torch.cat([clean.k[layer][:, :first], k], dim=1)
            v = torch.cat([clean.v[layer][:, :first], v], dim=1)
        z = attend(weights, q, k, v, score_mask(adapter, layer, queries))
        added, factor = write_heads(weights, z)
        after = (rows if reads is None else take(stream, reads)) + added
        after = self._carry_heads(stage, layer, z, factor, after, first, reads)
        if reads is None and first > 0 and clean is not None:
            q = torch.cat([clean.q[layer][:, :first], q], dim=1)
            z = torch.cat([clean.z[layer][:, :first], z], dim=1)
            if factor is not None:
                below = clean.factors[layer]
                assert below is not None
                factor = torch.cat([below[:, :first], factor], dim=1)
            after = torch.cat([clean.after_attention[layer][:, :first], after], dim=1)
        state.q.append(q)
        state.k.append(k)
        state.v.append(v)
        state.z.append(z)
        state.factors.append(factor)
        state.after_attention.append(after)

    def _carry_heads(
        self,
        stage: int,
        layer: int,
        z: Tensor,
        factor: Tensor | None,
        after: Tensor,
        first: int,
        reads: Tensor | None,
    ) -> Tensor:
        """Let edited heads carry their replacement."""
        for number, slots in self.plan.stages[stage].writers:
            head = self.graph.writers[number].head
            out = head_out(self.adapter.attention[layer], z[:, :, head], head, factor)
            after = after + self._keep_delta(number, self._node_delta(number, slots, out, first, reads), reads)
        return after

    def _mlp(self, layer: int) -> None:
        adapter, state, clean = self.adapter, self.state, self.clean
        stage = 2 * layer + 1
        last = layer == self.shape.layers - 1
        reads = state.reads if last else None
        first = self.plan.first_row[stage] if clean is not None and reads is None else 0
        if clean is not None and self.plan.first_row[stage] >= self.length:
            state.mlp_out.append(clean.mlp_out[layer])
            self._pass_on(layer, clean.attention_in[layer + 1] if not last else clean.final)
            return
        after = state.after_attention[layer][:, first:]
        x = take(state.attention_in[layer], reads)[:, first:] if self.shape.parallel else after
        for plan, readers in self._groups(stage):
            x = self._read(readers[0], plan, x, first, reads)
        out = adapter.mlp(layer, adapter.mlp_norm(layer, x))
        stream = after + out
        for number, slots in self.plan.stages[stage].writers:
            delta = self._node_delta(number, slots, out, first, reads)
            stream = stream + self._keep_delta(number, delta, reads)
        if first > 0 and clean is not None:
            out = torch.cat([clean.mlp_out[layer][:, :first], out], dim=1)
            below = clean.attention_in[layer + 1] if not last else clean.final
            assert below is not None
            stream = torch.cat([below[:, :first], stream], dim=1)
        state.mlp_out.append(out)
        self._pass_on(layer, stream)

    def _pass_on(self, layer: int, stream: Tensor | None) -> None:
        if layer == self.shape.layers - 1:
            self.state.final = stream
        else:
            assert stream is not None
            self.state.attention_in.append(stream)

    def _output(self) -> None:
        state = self.state
        stage = 2 * self.shape.layers
        assert state.final is not None
        if self.clean is not None and self.plan.first_row[stage] >= self.length:
            state.output = self.clean.output
            return
        x = state.final
        for plan, readers in self._groups(stage):
            x = self._read(readers[0], plan, x, 0, state.reads)
        state.output = self.adapter.read(x)

    # ---- what an edited reader reads ----

    def _groups(self, stage: int) -> list[tuple[ReaderPlan, list[Reader]]]:
        """The edited readers of a stage, those with the same edits together."""
        groups: dict[ReaderPlan, list[Reader]] = {}
        for reader, plan in self.plan.stages[stage].readers:
            groups.setdefault(plan, []).append(reader)
        return list(groups.items())

    def _read(self, reader: Reader, plan: ReaderPlan, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """x_r: the stream at the given rows, with the reader's own edits and those of its edges."""
        assert self.references is not None
        for slot in plan.slots:
            value = self._reader_value(reader, slot, x, first, reads)
            x = x + self._share(slot, first, reads) * (value - x)
        for number, slot in plan.edges:
            node = self.graph.writers[number]
            out = self._rows(self.state.out(self.adapter, node), node, first, reads)
            current = out
            if number in self.state.node_deltas:
                current = current + self._rows(self.state.node_deltas[number], node, first, reads)
            for own in plan.slots:
                if own.adds:
                    continue  # to the sum of all edges: none of them carries it
                value = self._node_value(node, own, out, first, reads)
                current = current + self._share(own, first, reads) * (value - current)
            value = self._node_value(node, slot, out, first, reads)
            x = x + self._share(slot, first, reads) * (value - current)
        return x

    def _node_delta(self, number: int, slots: Sequence[Slot], out: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """What an edited node carries, less what it adds, at the rows of `out`."""
        node = self.graph.writers[number]
        carried = out
        for slot in slots:
            value = self._node_value(node, slot, out, first, reads)
            carried = carried + self._share(slot, first, reads) * (value - carried)
        return carried - out

    def _keep_delta(self, number: int, delta: Tensor, reads: Tensor | None) -> Tensor:
        """Remember a delta over all positions (zero below the first row) for readers to come; return it as it
        is."""
        missing = self.length - delta.shape[1] if reads is None else 0
        self.state.node_deltas[number] = F.pad(delta, (0, 0, missing, 0)) if missing else delta
        return delta

    def _node_value(self, node: Node, slot: Slot, out: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """The full replacement of what a node writes, broadcastable to the rows."""
        if slot.kind == "zero":
            return torch.zeros_like(out)
        if slot.kind == "scale":
            return out * slot.factor
        if slot.kind == "steer":
            return out + self._vector(slot)
        assert self.references is not None
        if slot.kind == "patch":
            return self._rows(self.references.patch_value(node, self.state.reads), node, first, reads)
        if slot.kind == "noise":
            return out + slot.factor * self._rows(self.references.noise(node, slot.seed), None, first, reads)
        if slot.kind == "resample":
            return self._rows(self.references.resampled_value(node, slot.seed), None, first, reads)
        return self._rows(self.references.mean_value(node), None, first, reads)

    def _vector(self, slot: Slot) -> Tensor:
        return torch.tensor(slot.value, dtype=self.adapter.dtype, device=self.adapter.device)

    def _reader_value(self, reader: Reader, slot: Slot, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """The full replacement of all that a reader reads. Biases of no head stay."""
        assert self.references is not None
        references = self.references
        bias = references.bias_before(reader)
        if slot.kind == "zero":
            return bias.expand_as(x)
        if slot.kind == "scale":
            true = self._cut(stream_before(self.state, reader, self.shape.parallel), first, reads)
            for number, delta in self.state.node_deltas.items():
                if number < self.graph.writers_before(reader):
                    true = true - self._rows(delta, self.graph.writers[number], first, reads)
            return bias + (true - bias) * slot.factor
        if slot.kind == "steer":
            return x + self._vector(slot)
        if slot.kind == "noise":
            return x + slot.factor * self._rows(references.noise(reader, slot.seed), None, first, reads)
        if slot.kind == "resample":
            return self._rows(references.resampled_stream(reader, slot.seed), None, first, reads)
        if slot.kind == "patch":
            return self._cut(references.patch_stream(reader, self.state.reads), first, reads)
        return self._rows(references.mean_stream(reader), None, first, reads)

    def _cut(self, x: Tensor, first: int, reads: Tensor | None) -> Tensor:
        """Rows of a stream: those the output reads (if x does not hold just those already), or from `first`
        on."""
        if reads is not None:
            return x if x.shape[1] == reads.shape[1] and x.shape[1] != self.length else take(x, reads)
        return x[:, first:]

    def _rows(self, x: Tensor, node: Node | None, first: int, reads: Tensor | None) -> Tensor:
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
            everywhere = torch.zeros(len(slot.positions), self.length, 1, dtype=self.adapter.dtype)
            for row, places in enumerate(slot.positions):
                everywhere[row, list(places)] = 1.0
            everywhere = everywhere.to(self.adapter.device)
            mask = everywhere[:, first:] if reads is None else take(everywhere, reads)
            self._masks[key] = mask
        return mask * slot.strength
