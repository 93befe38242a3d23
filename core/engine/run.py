"""One pass over the model with edits.

    x_r = stream at r + sum over edited edges (u -> r) of (replacement_u - out_u)

Steps, stage by stage from the first one that may differ from the run it starts from:
1. The reader's norm sees the stream; readers with edits see it with their sums added. Readers with the same
   edits share one norm.
2. Attention: queries only for the rows that may differ from the clean run (causal models: from `first_row`
   on), in the last layer only for the positions that the output reads; keys and values below `first_row` come
   from the clean run.
3. What heads and MLPs add goes to the stream. An edited node carries its replacement instead.
4. The output reads the stream at its positions. Final norm and head follow when it is asked for.

Rows below `first_row` are the clean run's own, bit by bit. What is computed depends on the edits alone, never
on the run it starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core import progress
from core.engine import few_queries
from core.engine.first_attention import FirstAttention, edited_mixes
from core.engine.first_mlp import FirstMlp, HeadChange
from core.engine.flow import Flow
from core.engine.frozen import FrozenNorms
from core.engine.layer import Below, LayerMath, neighbours
from core.engine.plan import Plan, ReaderPlan
from core.engine.references import References
from core.engine.remade import slimmed
from core.engine.rows import Rows
from core.engine.state import Readout, RunState
from core.errors import Cancelled
from core.graph import Reader
from core.models.adapter import Adapter, Places

TILE_BYTES = 8 * 2**20  # of the streams that edited readers of a layer read
FEW = 4  # groups of readers that are projected one after the other


@dataclass(frozen=True)
class Variants:
    """One stage of a scan, in which rows of the batch differ. readers: what a reader reads in some rows,
    [rows of the batch, rows, width]. writers: what a node carries there, less what it carries in the others. first_mlp:
    of that layer, where nothing else differs from the clean run before it."""

    stage: int
    readers: Sequence[tuple[Reader, list[int], Tensor]] = ()
    writers: Sequence[tuple[int, list[int], Tensor]] = ()
    first_mlp: FirstMlp | None = None


class Pass:
    """Fills `state` from `stage` on. `clean` is the clean run over the same positions; None while it is
    itself made. variants: what some rows of the batch read or carry at one stage instead, for a scan. frozen: norms
    that keep the scales of the clean run."""

    def __init__(
        self,
        adapter: Adapter,
        state: RunState,
        references: References | None,
        clean: RunState | None,
        variants: Variants | None = None,
        frozen: FrozenNorms | None = None,
    ) -> None:
        self.adapter = adapter
        self.shape = adapter.shape
        self.graph = adapter.graph
        self.state = state
        self.plan: Plan = state.plan
        self.flow = Flow(adapter, state, references)
        self.clean = clean
        self.variants = variants
        self.frozen = frozen
        self.length = state.embedding.shape[1]
        self._of_rows: dict[int, Places] = {}
        self._changes: list[HeadChange] = []  # of heads, in the first attention that differs

    def run(self, stage: int, cancelled: Callable[[], bool] | None = None) -> int:
        """Run every stage from `stage` on. Returns the first layer that was computed (`layers` if none)."""
        first_layer = self.shape.layers
        if stage < 0:
            self._input()
            stage = 0
        start = stage // 2
        for layer in range(start, self.shape.layers):
            if cancelled is not None and cancelled():
                raise Cancelled
            progress.at((layer - start) / (self.shape.layers - start))
            if stage <= 2 * layer:
                self._attention(layer)
                self._forget(layer, self.state.q, self.state.k, self.state.v, self.state.z)
            if stage <= 2 * layer + 1:
                self._mlp(layer)
                self._forget(layer, self.state.attention_in, self.state.after_attention, self.state.mlp_out)
                first_layer = min(first_layer, layer)
            if self.state.slim:
                slimmed(self.state, self.adapter, layer)
        self._output()
        return first_layer

    def _forget(self, layer: int, *kept: list[Tensor]) -> None:
        """In a scan let go of what a layer made when nothing reads it any more: the next layer's takes its place in the
        processor's cache."""
        if self.variants is not None and self.plan.empty:
            for tensors in kept:
                if len(tensors) > layer:
                    tensors[layer] = tensors[layer].new_empty(0)

    # ---- stages ----

    def _input(self) -> None:
        state = self.state
        stream = state.embedding
        if self.plan.input_slots:
            delta = self.flow.node_delta(0, self.plan.input_slots, stream, Rows(self.length))
            state.node_deltas[0] = delta
            stream = stream + delta
        state.attention_in.append(stream)

    def _attention(self, layer: int) -> None:
        shape, state, clean, math = self.shape, self.state, self.clean, LayerMath(self.adapter, layer)
        stage = 2 * layer
        first = self.plan.first_row[stage] if clean is not None else 0
        keys = queries = Rows(self.length, first)
        if layer == shape.layers - 1 and state.reads is not None:
            queries = Rows(self.length, index=state.reads)
        if clean is not None and keys.none:
            for name in ("q", "k", "v", "z", "factors", "after_attention"):
                getattr(state, name).append(getattr(clean, name)[layer])
            return

        if self._first_changed(stage):
            self._first_attention(math, keys, queries)
            return

        if self._few_queries(stage, keys, queries):
            self._last_attention(math, keys, queries)
            return

        stream = state.attention_in[layer]
        x = keys.of(stream)
        if len(self.plan.stages[stage].readers) == shape.heads + 2 * shape.kv_heads:  # each is set below
            q, k, v = self._unset_ports(x, queries.of(stream))
        elif queries is keys:
            q, k, v = math.split(math.project(self._attention_norm(layer, x, keys)))
        else:
            normed = self._attention_norm(layer, x, keys)
            q = math.project(self._attention_norm(layer, queries.of(stream), queries), 0, shape.heads)
            k, v = math.project(normed, shape.heads).split(shape.kv_heads, dim=2)  # type: ignore[no-untyped-call]
        ports = {"q": q, "k": k, "v": v}
        if queries is keys:
            self._edited_ports(stage, x, keys, ports)
        else:
            self._edited_ports(stage, x, keys, {"k": k, "v": v})
            self._edited_ports(stage, queries.of(stream), queries, {"q": q})

        for reader, batch_rows, changed in self._variant_readers(stage):
            port = math.port(reader)
            ports[reader.kind][batch_rows, :, reader.head] = math.project(math.norm(changed), port, port + 1)[:, :, 0]

        below = Below(clean, first) if first > 0 and clean is not None else None
        at_queries = self._places(queries)
        at_keys = at_queries if queries is keys else self._places(keys)
        mixed = math.mix(q, k, v, at_queries, at_keys, below)
        q, k, v, z = mixed.q, mixed.k, mixed.v, mixed.z
        for head, mix in edited_mixes(math, self.state).items():
            z = z.contiguous()  # of its own, whatever the kernel gives
            z[:, :, head] = mix((q, k, v), at_queries, queries, slice(None))
        if below is None and k.untyped_storage().data_ptr() != v.untyped_storage().data_ptr():
            v = v.clone()  # else it would keep q and k as they were before they were turned
        added, factor = math.write(z)
        after = self._carry_heads(math, z, factor, queries.of(stream) + added, queries)
        if clean is not None:
            q = queries.after(clean.q[layer], q)
            z = queries.after(clean.z[layer], z)
            if factor is not None:
                of_clean = clean.factors[layer]
                assert of_clean is not None
                factor = queries.after(of_clean, factor)
            after = queries.after(clean.after_attention[layer], after)
        state.q.append(q)
        state.k.append(k)
        state.v.append(v)
        state.z.append(z)
        state.factors.append(factor)
        state.after_attention.append(after)

    def _first_changed(self, stage: int) -> bool:
        """Whether edits act in a stage, none before it, and no port changes what the others do."""
        acting = set(self.plan.acting) if self.variants is None else {*self.plan.acting, self.variants.stage}
        first = stage == min(acting, default=-1) and not self.plan.input_slots
        return first and self.clean is not None and not self.shape.coupled

    def _first_attention(self, math: LayerMath, keys: Rows, queries: Rows) -> None:
        """`_attention` in the first stage that changes: of its edited ports and their heads alone."""
        state, clean, stage = self.state, self.clean, 2 * math.layer
        assert clean is not None
        attention = FirstAttention(math, clean, keys, queries, edited_mixes(math, self.state))
        edited = [reader for reader, _ in self.plan.stages[stage].readers]
        if edited:
            stream = state.attention_in[math.layer]
            x, late = keys.of(stream), queries.of(stream)
            q, k, v = self._unset_ports(x, late)
            ports = {"q": q, "k": k, "v": v}
            if queries is keys:
                self._edited_ports(stage, x, keys, ports)
            else:
                self._edited_ports(stage, x, keys, {"k": k, "v": v})
                self._edited_ports(stage, late, queries, {"q": q})
            for reader in edited:
                attention.project(reader, ports[reader.kind][:, :, reader.head])
        if edited or self.plan.stages[stage].patterns:
            attention.mix(edited)
        set_port = attention.vary if self.plan.empty else attention.project  # nothing later reads this layer's heads
        for reader, batch_rows, changed in self._variant_readers(stage):
            port = math.port(reader)
            set_port(reader, math.project(math.norm(changed), port, port + 1)[:, :, 0], batch_rows)
        for reader, batch_rows, _ in () if self.plan.empty else self._variant_readers(stage):
            attention.mix([reader], batch_rows)
        self._changes = attention.changes
        after = self._carry_heads(math, attention.z[:, queries.first :], None, attention.after, queries)
        state.q.append(attention.ports["q"])
        state.k.append(attention.ports["k"])
        state.v.append(attention.ports["v"])
        state.z.append(attention.z)
        state.factors.append(None)
        state.after_attention.append(queries.after(clean.after_attention[math.layer], after))

    def _few_queries(self, stage: int, keys: Rows, queries: Rows) -> bool:
        """Whether no port is edited and what reads the state, a scan, wants no keys and values of the last layer."""
        here = self.plan.stages[stage]
        if self.variants is None or queries is keys or self.variants.stage == stage or here.readers or here.patterns:
            return False
        return few_queries.pays(self.shape, self.adapter.dtype, keys.count, queries.count)

    def _last_attention(self, math: LayerMath, keys: Rows, queries: Rows) -> None:
        """`_attention` where few rows read many. Its queries, keys and values are not kept."""
        state, layer = self.state, math.layer
        stream = state.attention_in[layer]
        of_queries = queries.of(stream)
        normed = self._attention_norm(layer, keys.of(stream), keys)
        q = math.project(self._attention_norm(layer, of_queries, queries), 0, self.shape.heads)
        below = Below(self.clean, keys.first) if keys.first > 0 and self.clean is not None else None
        z = few_queries.mix_few(math, q, normed, self._places(queries), self._places(keys), below)
        added, factor = math.write(z)
        state.z.append(z)
        state.factors.append(factor)
        state.after_attention.append(self._carry_heads(math, z, factor, of_queries + added, queries))

    def _unset_ports(self, x: Tensor, of_q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """q, k and v for edited ports to set. x, of_q: what k and v are made of, and q, [batch, rows, width]."""
        shape = self.shape
        k, v = x.new_empty(2, *x.shape[:2], shape.kv_heads, shape.head_width)
        return of_q.new_empty(*of_q.shape[:2], shape.heads, shape.head_width), k, v

    def _edited_ports(self, stage: int, x: Tensor, rows: Rows, ports: dict[str, Tensor]) -> None:
        """Set what edited readers make of what they read, [batch, rows, heads, head_width] by kind. x: the stream at
        their rows, without edits. As many readers at a time as fit into a tile, each with rows of w_qkv of its own."""
        layer = stage // 2
        math = LayerMath(self.adapter, layer)
        groups = [(plan, [each for each in readers if each.kind in ports]) for plan, readers in self._groups(stage)]
        groups = [(plan, readers) for plan, readers in groups if readers]
        step = max(1, TILE_BYTES // max(x.numel() * x.element_size(), 1))
        for start in range(0, len(groups), step):
            some = groups[start : start + step]
            streams = self.flow.read_many([(readers[0], plan) for plan, readers in some], x, rows)
            normed = self._attention_norm(layer, streams, rows)
            if len(some) < FEW:
                for each, (_, readers) in zip(normed, some, strict=True):
                    for reader in readers:
                        port = math.port(reader)
                        ports[reader.kind][:, :, reader.head] = math.project(each, port, port + 1)[:, :, 0]
                continue
            numbers = [math.port(each) for _, readers in some for each in readers]
            group_of = [group for group, (_, readers) in enumerate(some) for _ in readers]
            projected = math.project_each(normed.flatten(1, 2)[neighbours(group_of)], numbers)
            by_reader = projected.unflatten(1, x.shape[:2])  # type: ignore[no-untyped-call]
            for projection, reader in zip(by_reader, (each for _, readers in some for each in readers), strict=True):
                ports[reader.kind][:, :, reader.head] = projection

    def _attention_norm(self, layer: int, x: Tensor, rows: Rows) -> Tensor:
        return self.adapter.attention_norm(layer, x) if self.frozen is None else self.frozen.attention(layer, x, rows)

    def _carry_heads(self, math: LayerMath, z: Tensor, factor: Tensor | None, after: Tensor, rows: Rows) -> Tensor:
        """Let edited heads carry their replacement."""
        stage = 2 * math.layer
        for number, slots in self.plan.stages[stage].writers:
            head = self.graph.writers[number].head
            out = math.out(z[:, :, head], head, factor)
            after = after + self.flow.keep_delta(number, self.flow.node_delta(number, slots, out, rows), rows)
        return self._carry_variants(stage, after, rows)

    def _mlp(self, layer: int) -> None:
        adapter, state, clean = self.adapter, self.state, self.clean
        stage = 2 * layer + 1
        last = layer == self.shape.layers - 1
        reads = state.reads if last else None
        rows = Rows(self.length, self.plan.first_row[stage] if clean is not None and reads is None else 0, reads)
        if clean is not None and self.plan.first_row[stage] >= self.length:
            state.mlp_out.append(clean.mlp_out[layer])
            self._pass_on(layer, clean.attention_in[layer + 1] if not last else clean.final)
            return
        reader = Reader("mlp", layer)
        after = state.stream_at(reader, False, rows)
        x = state.stream_at(reader, True, rows) if self.shape.parallel else after
        for plan, _ in self._groups(stage):
            x = self.flow.read(reader, plan, x, rows)
        for _, batch_rows, streams in self._variant_readers(stage):
            x = x.clone()
            x[batch_rows] = streams
        normed = adapter.mlp_norm(layer, x) if self.frozen is None else self.frozen.mlp(layer, x, rows)
        with self._known_products(stage, x, normed):
            units = self.plan.stages[stage].units
            out = self.flow.mlp(layer, normed, units, rows) if units else adapter.mlp(layer, normed)
        stream = after + out
        for number, slots in self.plan.stages[stage].writers:
            delta = self.flow.node_delta(number, slots, out, rows)
            stream = stream + self.flow.keep_delta(number, delta, rows)
        stream = self._carry_variants(stage, stream, rows)
        if clean is not None:
            out = rows.after(clean.mlp_out[layer], out)
            below = clean.attention_in[layer + 1] if not last else clean.final
            assert below is not None
            stream = rows.after(below, stream)
        state.mlp_out.append(out)
        self._pass_on(layer, stream)

    def _known_products(self, stage: int, x: Tensor, normed: Tensor) -> AbstractContextManager[None]:
        """What first linear maps of an MLP make of its normed stream, where that needs no product of its width."""
        if self.variants is None or self.variants.first_mlp is None or self.variants.stage != stage - 1:
            return nullcontext()
        return self.adapter.products.known(normed, self.variants.first_mlp.product(x, self._changes))

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
            state.readout = self.clean.readout
            return
        x = state.final
        for plan, readers in self._groups(stage):
            x = self.flow.read(readers[0], plan, x, Rows(self.length, index=state.reads))
        for _, batch_rows, streams in self._variant_readers(stage):
            x = x.clone()
            x[batch_rows] = streams
        state.readout = Readout(x, self.adapter, None if self.frozen is None else self.frozen.final)

    def _places(self, rows: Rows) -> Places:
        """Where rows stand: the same for all layers."""
        key = rows.first if rows.index is None else -1
        if key not in self._of_rows:
            self._of_rows[key] = self.state.places(rows)
        return self._of_rows[key]

    # ---- variants ----

    def _variant_readers(self, stage: int) -> Sequence[tuple[Reader, list[int], Tensor]]:
        return self.variants.readers if self.variants is not None and self.variants.stage == stage else ()

    def _carry_variants(self, stage: int, stream: Tensor, rows: Rows) -> Tensor:
        """Let the nodes that are edited in some rows of the batch carry their replacement there."""
        if self.variants is None or self.variants.stage != stage:
            return stream
        deltas = self.state.node_deltas
        for number, batch_rows, delta in self.variants.writers:
            before = deltas.get(number)
            everywhere = torch.zeros_like(stream)
            everywhere[batch_rows] = delta
            stream = stream + everywhere
            everywhere = F.pad(everywhere, (0, 0, rows.first, 0)) if rows.first else everywhere
            deltas[number] = everywhere if before is None else before + everywhere
        return stream

    def _groups(self, stage: int) -> list[tuple[ReaderPlan, list[Reader]]]:
        """The edited readers of a stage, those with the same edits together."""
        groups: dict[ReaderPlan, list[Reader]] = {}
        for reader, plan in self.plan.stages[stage].readers:
            groups.setdefault(plan, []).append(reader)
        return list(groups.items())
