"""Many edits, one at a time, in few passes: edits whose first effect is in the same stage share all that comes before.

Steps, for each row of the batch and each stage:
1. What each edited reader reads, or what each edited node carries, from the run that all of them share.
2. These as a batch of their own: one row each, from that stage on, with the shared run's rows before the first change.

A run of edits one by one fetches all later weights for each of them; here they are fetched once for a whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from core import progress
from core.edits import Edit, ResolvedEdit
from core.engine.engine import Engine
from core.engine.first_mlp import FirstMlp, bytes_of, pays
from core.engine.flow import Flow
from core.engine.plan import Plan, make_plan, stage_of_reader, stage_of_writer
from core.engine.references import References
from core.engine.rows import Held, Rows
from core.engine.run import Pass, Variants
from core.engine.sizes import state_bytes
from core.engine.state import RunState, map_tensors
from core.graph import Edge, Entries, Node, Reader
from core.models.eight_bit import holds_eight_bits

POSITIONS = 2048  # of all rows of one batch together
SHARED = 8  # of the memory beside the runs over A and B, at most one such part is for what edits have in common


def edits_together(rows: int, each: int, free: int, packed: int, standing: int = 0) -> int:
    """How many edits go together. rows: that change, of each. each: bytes of the run with one of them. free: bytes
    beside the runs over A and B. packed: of these, for packed weights. standing: for the run with the edits that
    stand."""
    room = free - packed - standing - reserve(each, free, standing)
    return max(1, min(POSITIONS // max(rows, 1), room // each))


def reserve(each: int, free: int, standing: int = 0) -> int:
    """Bytes for what edits have in common in their first MLP; 0 where it does not fit beside them (it is then made for
    each)."""
    share = free // SHARED
    return share if standing + share + each <= free else 0


class Scanner:
    """Runs of `edits` with one more edit each."""

    def __init__(self, engine: Engine, edits: Sequence[Edit] = ()) -> None:
        self._engine = engine
        self._edits = list(edits)
        self._base = [engine.resolve(edit) for edit in edits]
        self._state = engine.run(edits).state
        self._clean = engine.clean()
        self._first_mlps: dict[tuple[int, int, int], FirstMlp | None] = {}  # of a stage, by it, row and first position

    @property
    def standing(self) -> Tensor:
        """What `logits` reads under the edits that stand: [batch, n, width]."""
        return _stream(self._state)

    def most(self, stage: int) -> int:
        """How many edits of a stage fit into one batch, and into the memory beside what stands."""
        engine = self._engine
        rows = engine.length - engine.first_patched_row
        return edits_together(rows, self._bytes(stage), engine.free, engine.packed, self._standing_bytes)

    @property
    def _standing_bytes(self) -> int:
        return self._engine.most_bytes if self._edits else 0

    def _reserve(self, stage: int) -> int:
        """Bytes for what the edits of a stage have in common in their first MLP."""
        return reserve(self._bytes(stage), self._engine.free, self._standing_bytes)

    def _bytes(self, stage: int) -> int:
        """What the run with one edit of a stage holds, of one row."""
        engine = self._engine
        reads = engine.length if engine.reads is None else engine.reads.shape[1]
        return state_bytes(engine.adapter, engine.length, reads, 1, max(stage, 0) // 2)

    def stage(self, edit: Edit) -> int:
        """The stage in which an edit takes effect; only edits of one stage go together."""
        return self._stage_of(self._engine.resolve(edit))

    def _stage_of(self, edit: ResolvedEdit) -> int:
        target = edit.target
        if isinstance(target, Node | Entries):
            return stage_of_writer(target.head if isinstance(target, Entries) else target)
        return stage_of_reader(target.reader if isinstance(target, Edge) else target, self._engine.graph)

    def reader(self, edit: Edit) -> int:
        """The number of the reader that it is at; -1 for a node."""
        target = self._engine.resolve(edit).target
        reader = target.reader if isinstance(target, Edge) else target
        return self._engine.graph.reader_index(reader) if isinstance(reader, Reader) else -1

    def streams(self, edits: Sequence[Edit]) -> Tensor:
        """What `logits` reads under each of some edits of one stage: [edits, batch, n, width], at the positions that
        the output reads. Raises ArgumentError and EditError."""
        engine = self._engine
        with torch.no_grad():
            resolved = [engine.resolve(edit) for edit in edits]
            stage = self._stage_of(resolved[0])
            if stage < 0 or any(self._runs_alone(edit.target) for edit in resolved):
                streams = []
                for number, edit in enumerate(edits):
                    with progress.stage(number / len(edits), (number + 1) / len(edits)):
                        streams.append(_stream(engine.run([*self._edits, edit]).state))
                return torch.stack(streams)
            engine.pack()
            engine.room(len(edits) * self._bytes(stage) + self._reserve(stage))
            rows = []
            for row in range(engine.batch):
                with progress.stage(row / engine.batch, (row + 1) / engine.batch):
                    rows.append(self._row(row, stage, resolved))
            return torch.stack(rows, dim=1)

    def _runs_alone(self, target: Node | Reader | Edge | Entries) -> bool:
        """Whether an edit takes a run of its own: of entries, and of units where edits stand that may change what their
        MLP writes."""
        unit = isinstance(target, Node) and target.is_unit
        return isinstance(target, Entries) or (bool(self._edits) and unit)

    def _row(self, row: int, stage: int, edits: list[ResolvedEdit]) -> Tensor:
        """What `logits` reads in one row of the batch under each edit: [edits, n, width]."""
        base = self._plan(row, self._base)
        plans = [self._plan(row, [*self._base, edit]) for edit in edits]
        # A later edit of a target takes an earlier one's place: what stands may reach further than what is left of it.
        first = min(plan.first_row[stage] for plan in [base, *plans])
        if first >= self._engine.length:  # nothing changes
            return _stream(self._state)[row].expand(len(edits), -1, -1)
        rows = tuple(min(first, of_base) if s >= stage else of_base for s, of_base in enumerate(base.first_row))
        plan = replace(base, first_row=rows)
        row_state = map_tensors(self._state, lambda x: x[row : row + 1] if x.shape[0] > 1 else x)
        clean = map_tensors(self._clean, lambda x: x[row : row + 1] if x.shape[0] > 1 else x)
        references = self._engine.references.of_row(row)
        variants = self._variants(stage, first, row_state, references, plans, edits)
        variants = replace(variants, first_mlp=self._first_mlp(row, plan, variants, clean))

        def copies(x: Tensor) -> Tensor:
            return x.expand(len(edits), *x.shape[1:])

        reads = None if self._engine.reads is None else copies(self._engine.reads[row : row + 1])
        prefix = row_state.prefix(stage, plan, reads, self._engine.graph.heads)
        state = map_tensors(prefix, copies)
        Pass(self._engine.adapter, state, references, map_tensors(clean, copies), variants).run(stage)
        return _stream(state)

    def _plan(self, row: int, edits: Sequence[ResolvedEdit]) -> Plan:
        engine = self._engine
        of_row = [edit if edit.positions is None else edit._replace(positions=(edit.positions[row],)) for edit in edits]
        of_row = [edit if edit.keys is None else edit._replace(keys=(edit.keys[row],)) for edit in of_row]
        return make_plan(of_row, engine.graph, engine.length, engine.adapter.shape.causal, engine.first_patched_row)

    def _variants(
        self,
        stage: int,
        first: int,
        base: RunState,
        references: References,
        plans: list[Plan],
        edits: list[ResolvedEdit],
    ) -> Variants:
        """Step 1."""
        engine = self._engine
        adapter, graph = engine.adapter, engine.graph
        flow = Flow(adapter, base, references)
        readers: dict[Reader, tuple[list[int], list[Tensor]]] = {}
        writers = []
        for number, (edit, plan) in enumerate(zip(edits, plans, strict=True)):
            target = edit.target
            if isinstance(target, Node) and target.is_unit:
                writer, at = graph.writer_index(target.whole), Rows(engine.length, first)
                at = Rows(engine.length, index=base.reads) if base.rows_of(target).index is not None else at
                x = base.stream_at(Reader("mlp", target.layer), adapter.shape.parallel, at)
                units = plan.stages[stage].units
                out = flow.mlp(target.layer, adapter.mlp_norm(target.layer, x), units, at)
                writers.append((writer, [number], out - base.out_at(adapter, target.whole, at)))
                continue
            if isinstance(target, Node):
                writer = graph.writer_index(target)
                slots = dict(plan.stages[stage].writers).get(writer, ())
                writer_rows = base.rows_of(target)
                at = writer_rows if writer_rows.index is not None else Rows(engine.length, first)
                delta = flow.node_delta(writer, slots, base.out_at(adapter, target, at), at)
                if writer in base.node_deltas:
                    delta = delta - Held(base.node_deltas[writer], writer_rows).at(at)
                writers.append((writer, [number], delta))
                continue
            assert not isinstance(target, Entries)
            reader = target.reader if isinstance(target, Edge) else target
            late = base.reads if self._reads_late(reader) else None
            at = Rows(engine.length, first if late is None else 0, late)
            x = base.stream_at(reader, adapter.shape.parallel, at)
            reader_plan = dict(plan.stages[stage].readers).get(reader)
            if reader_plan is not None:
                x = flow.read(reader, reader_plan, x, at)
            variants, xs = readers.setdefault(reader, ([], []))
            variants.append(number)
            xs.append(x)
        reader_inputs = [(reader, variants, torch.cat(xs)) for reader, (variants, xs) in readers.items()]
        return Variants(stage, reader_inputs, writers)

    def _first_mlp(self, row: int, plan: Plan, variants: Variants, clean: RunState) -> FirstMlp | None:
        """Of the layer where some ports of heads differ, and nothing else up to its MLP."""
        adapter, stage = self._engine.adapter, variants.stage
        layer, layers = stage // 2, adapter.shape.layers - (self._engine.reads is not None)  # of the last one few rows
        if stage % 2 or layer >= layers or variants.writers or adapter.shape.parallel or adapter.shape.coupled:
            return None
        if plan.input_slots or min(plan.acting, default=stage + 2) <= stage + 1:
            return None
        first = plan.first_row[stage + 1]
        group = adapter.shape.heads // adapter.shape.kv_heads
        heads = [1 if reader.kind == "q" else group for reader, _, _ in variants.readers]
        edits = sum(len(numbers) for _, numbers, _ in variants.readers)
        if holds_eight_bits(adapter.mlp_part(layer)):  # products are known by where weights lie; these are made anew
            return None
        rows = self._engine.length - first
        if not pays(adapter, max(heads), edits * rows):
            return None
        if self._engine.batch * bytes_of(adapter, layer, rows, sum(heads)) > self._reserve(stage):
            return None
        key = stage, row, first
        if key not in self._first_mlps:
            others = self._first_mlps.items()
            self._first_mlps = {at: mlp for at, mlp in others if at[0] == stage and at[1] != row}
            self._first_mlps[key] = FirstMlp.of(adapter, layer, clean.after_attention[layer][:, first:])
        return self._first_mlps[key]

    def _reads_late(self, reader: Reader) -> bool:
        """Whether a reader reads only at the positions that the output reads."""
        return reader.kind == "logits" or (
            reader.layer == self._engine.graph.layers - 1 and reader.kind in ("q", "mlp")
        )


def _stream(state: RunState) -> Tensor:
    assert state.readout is not None
    return state.readout.stream
