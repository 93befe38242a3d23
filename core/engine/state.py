"""What a run leaves behind: enough to start the next run anywhere in it.

Positions: every tensor covers the whole stream, except what the last layer's queries, its MLP and the output
compute. Those cover only the positions that the output reads (`reads`, [batch, n]), or the whole stream in a
run over all positions (`reads` None). States share tensors: a run that starts at stage s takes everything
before it from the run it starts from.

Outputs are made when somebody asks for them: the logits of a large vocabulary cost as much as several layers, and at
every position more memory than all the rest of a run. The stream at all positions is there without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import torch
from torch import Tensor

from core.engine.entries import edited_shares
from core.engine.layer import LayerMath
from core.engine.plan import Plan
from core.engine.rows import Held, Rows
from core.engine.tensors import Tensors
from core.graph import Node, Reader
from core.models.adapter import Adapter, Places


class Together:
    """What `logits` reads in several runs, [runs, batch, n, width]: their outputs are made in one go."""

    def __init__(self, adapter: Adapter, streams: Tensor) -> None:
        self._adapter = adapter
        self._streams = streams

    @cached_property
    def output(self) -> Tensor:
        """[runs, ...]"""
        with torch.no_grad():
            output = self._adapter.read(self._streams.flatten(0, 1))
        return output.unflatten(0, self._streams.shape[:2])  # type: ignore[no-any-return,no-untyped-call]


@dataclass
class Readout:
    """What `logits` reads, and the output that is made of it. stream: [batch, n, width], at the positions that the
    output reads or at all. norm: the final norm, where it is another than the adapter's own. among: runs whose outputs
    are made with this one's, and its number there."""

    stream: Tensor
    adapter: Adapter
    norm: Callable[[Tensor], Tensor] | None = None
    among: tuple[Together, int] | None = None
    kept_output: Tensor | None = field(default=None, init=False)

    @property
    def output(self) -> Tensor:
        """The output at each of the positions; kept."""
        if self.kept_output is None:
            self.kept_output = self.through(self.adapter) if self.among is None else self.among[0].output[self.among[1]]
        return self.kept_output

    def through(self, adapter: Adapter, reads: Tensor | None = None) -> Tensor:
        """What an adapter of the same model, or of some of its answers, makes of the stream. reads: the positions that
        are wanted, [batch, n]; None: all."""
        rows = Rows(self.stream.shape[1], index=reads)
        with torch.no_grad():
            if self.norm is None:
                return adapter.read(rows.of(self.stream))
            return adapter.head(rows.of(self.norm(self.stream)))


@dataclass
class RunState:
    """One run. A list has an entry a layer, filled as the run goes."""

    plan: Plan
    reads: Tensor | None
    embedding: Tensor
    attention_in: list[Tensor] = field(default_factory=list)  # the stream before each layer's attention
    q: list[Tensor] = field(default_factory=list)  # as attention uses them: turned
    k: list[Tensor] = field(default_factory=list)
    v: list[Tensor] = field(default_factory=list)
    z: list[Tensor] = field(default_factory=list)
    factors: list[Tensor | None] = field(default_factory=list)  # of the heads' joint scale, where there is one
    after_attention: list[Tensor] = field(default_factory=list)
    mlp_out: list[Tensor] = field(default_factory=list)
    node_deltas: dict[int, Tensor] = field(default_factory=dict)  # of edited writers: carried - added
    final: Tensor | None = None  # the stream after the last layer
    readout: Readout | None = None
    grid: tuple[int, int] | None = None  # rows and columns of an image's patches
    of_b: RunState | None = None  # the run over B, where entries of attention are taken from it
    slim: bool = False  # whether what can be made anew is let go of, layer by layer (`core.engine.remade`)

    def prefix(self, stage: int, plan: Plan, reads: Tensor | None, heads: int) -> RunState:
        """A new state that has everything before `stage` from this one; stage -1 keeps the embedding
        alone."""
        if stage < 0:
            return RunState(plan=plan, reads=reads, embedding=self.embedding, grid=self.grid, of_b=self.of_b)
        attention, mlp = (stage + 1) // 2, stage // 2  # layers whose attention, whose MLP is done
        n_writers = 1 + attention * heads + mlp  # that have written by then
        return RunState(
            plan=plan,
            reads=reads,
            embedding=self.embedding,
            attention_in=self.attention_in[: min(mlp + 1, len(self.attention_in))],
            q=self.q[:attention],
            k=self.k[:attention],
            v=self.v[:attention],
            z=self.z[:attention],
            factors=self.factors[:attention],
            after_attention=self.after_attention[:attention],
            mlp_out=self.mlp_out[:mlp],
            node_deltas={number: delta for number, delta in self.node_deltas.items() if number < n_writers},
            final=self.final if mlp == len(self.attention_in) else None,
            grid=self.grid,
            of_b=self.of_b,
        )

    @property
    def output(self) -> Tensor:
        """The output at the positions of a run that is finished: [batch, n, vocabulary], [batch, classes] or [batch,
        width]."""
        assert self.readout is not None
        return self.readout.output

    # ---- rows ----

    @property
    def length(self) -> int:
        """Positions of the stream."""
        return self.embedding.shape[1]

    @property
    def layers(self) -> int:
        return len(self.plan.stages) // 2

    def places(self, rows: Rows) -> Places:
        """Where rows stand."""
        return rows.places(self.embedding, self.grid)

    def rows_of(self, node: Node) -> Rows:
        """Which rows of what a node writes are there."""
        late = node.kind != "input" and node.layer == self.layers - 1
        return Rows(self.length, index=self.reads if late else None)

    def rows_before(self, reader: Reader, parallel: bool) -> Rows:
        """Which rows of the stream before a reader are there."""
        after_heads = reader.kind == "mlp" and not parallel and reader.layer == self.layers - 1
        return Rows(self.length, index=self.reads if reader.kind == "logits" or after_heads else None)

    def out_at(self, adapter: Adapter, node: Node, rows: Rows) -> Tensor:
        """What a node adds to the stream at some rows: [batch, rows, width]."""
        return Held(self.out(adapter, node), self.rows_of(node)).at(rows)

    def stream_at(self, reader: Reader, parallel: bool, rows: Rows) -> Tensor:
        """The stream that a reader would read without edits of its own, at some rows: [batch, rows, width]."""
        return Held(stream_before(self, reader, parallel), self.rows_before(reader, parallel)).at(rows)

    # ---- nodes ----

    def out(self, adapter: Adapter, node: Node, rows: list[int] | None = None) -> Tensor:
        """What a node adds to the stream in this run, unedited: [batch, position or n, width]. rows: of the batch;
        None: all."""
        of_rows = slice(None) if rows is None else rows
        if node.kind == "input":
            return self.embedding[of_rows]
        if node.kind == "mlp":
            return self.mlp_out[node.layer][of_rows]
        z = self.z[node.layer][of_rows, :, node.head]
        factor = self.factors[node.layer]
        return LayerMath(adapter, node.layer).out(z, node.head, None if factor is None else factor[of_rows])

    def pattern(self, adapter: Adapter, layer: int, head: int) -> Tensor:
        """The attention of a head in this run, edits of its entries included: [batch, query, key]. Rows sum to 1, or to
        less where it has a sink or such an edit. The queries of the last layer are those at the positions that the
        output reads."""
        node, math = Node("head", layer, head), LayerMath(adapter, layer)
        rows = self.rows_of(node)
        slots = dict(self.plan.stages[2 * layer].patterns).get(adapter.graph.writer_index(node))
        if slots is None:
            return math.pattern(self.q[layer], self.k[layer], head, self.places(rows))
        of_b = partial(self.pattern_of_b, adapter, layer, head, rows)
        return edited_shares(math, head, slots, self.q[layer], self.k[layer], self.places(rows), of_b)

    def pattern_of_b(self, adapter: Adapter, layer: int, head: int, rows: Rows) -> Tensor:
        """The attention of a head in the run over B, at rows of this one: [batch, n, key]."""
        assert self.of_b is not None
        return Held(self.of_b.pattern(adapter, layer, head), self.of_b.rows_of(Node("head", layer, head))).at(rows)


def at_last(output: Tensor) -> Tensor:
    """An output where a metric reads it: [batch, answers]."""
    return output[:, -1] if output.ndim == 3 else output


def map_tensors(state: RunState, change: Callable[[Tensor], Tensor]) -> RunState:
    """A state whose tensors are all changed alike; those that are not there stay so."""

    def maybe(x: Tensor | None) -> Tensor | None:
        return None if x is None else change(x)

    return RunState(
        plan=state.plan,
        reads=maybe(state.reads),
        embedding=change(state.embedding),
        attention_in=[change(x) for x in state.attention_in],
        q=[change(x) for x in state.q],
        k=[change(x) for x in state.k],
        v=[change(x) for x in state.v],
        z=[change(x) for x in state.z],
        factors=[maybe(x) for x in state.factors],
        after_attention=[change(x) for x in state.after_attention],
        mlp_out=[change(x) for x in state.mlp_out],
        node_deltas={number: change(x) for number, x in state.node_deltas.items()},
        final=maybe(state.final),
        readout=_changed(state.readout, change),
        grid=state.grid,
        of_b=None if state.of_b is None else map_tensors(state.of_b, change),
    )


def _changed(readout: Readout | None, change: Callable[[Tensor], Tensor]) -> Readout | None:
    return None if readout is None else replace(readout, stream=change(readout.stream), among=None)


def tensors_of(state: RunState) -> list[Tensor]:
    """Every tensor that a state holds, but for its output, which comes when it is asked for."""
    lists = (state.attention_in, state.q, state.k, state.v, state.z, state.after_attention, state.mlp_out)
    held_tensors = [t for tensors in lists for t in (tensors.held if isinstance(tensors, Tensors) else tensors)]
    held_tensors += [state.embedding, *state.node_deltas.values()]
    held_tensors += [factor for factor in state.factors if factor is not None]
    streams = (state.final, None if state.readout is None else state.readout.stream)
    return held_tensors + [tensor for tensor in streams if tensor is not None]


def outputs_of(states: Iterable[RunState]) -> dict[int, int]:
    """The outputs that have been made: bytes, by the address of their storage."""
    outputs = [state.readout.kept_output for state in states if state.readout is not None]
    storages = (tensor.untyped_storage() for tensor in outputs if tensor is not None)
    return {storage.data_ptr(): storage.nbytes() for storage in storages}


def megabytes(states: list[RunState]) -> float:
    """What states hold together, shared storage counted once."""
    storages = outputs_of(states)
    for state in states:
        for tensor in tensors_of(state):
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values()) / 2**20


def stream_before(state: RunState, reader: Reader, parallel: bool) -> Tensor:
    """The stream that a reader would read without edits of its own."""
    if reader.kind == "logits":
        assert state.final is not None
        return state.final
    if reader.kind == "mlp" and not parallel:
        return state.after_attention[reader.layer]
    return state.attention_in[reader.layer]
