"""Circuit runs that differ from a present one in what a single reader reads, many at once: for a search that goes from
`logits` down.

The circuit that is present keeps every edge into the readers before the one in question, so all nodes that write before
it write what they do in A. Behind it, each reader reads

    x_r = what it reads now + sum over its kept edges (u -> r) of (out_u - what u writes now)

Steps, for each of some streams that the reader could read:
1. Its node (of a K/V port: the nodes of its group) with that stream.
2. Layer by layer, the readers on a kept path from there and to `logits`; all others stand as they do.
3. The output. `accept` makes one of them the present circuit run.

So the cost goes with the kept paths behind the reader. In a causal model only the rows from the first difference
between A and B on are computed for `patch`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import progress
from core.engine.circuit_reference import Reference
from core.engine.engine import Engine
from core.engine.layer import Below, LayerMath
from core.engine.rows import Rows
from core.engine.state import at_last
from core.graph import Node, Reader
from core.metrics import BoundMetric
from core.precision import widened

Changes = dict[tuple[str, int], Tensor]  # of what is kept of the present run; of each choice, [choices, ...]


class Sweep:
    """The present circuit run over one session, at first A's own with every edge kept."""

    def __init__(
        self, engine: Engine, replacement: str, kept_edges: NDArray[np.bool_], first: int, metric: BoundMetric
    ) -> None:
        """kept_edges: [readers, writers], shared with who decides. first: the first row that is computed; before it,
        nothing that is replaced differs."""
        self._engine, self._kept_edges = engine, kept_edges
        self._adapter, self._graph = engine.adapter, engine.graph
        self._at = Rows(engine.length, first)
        self.rows = engine.batch * self._at.count  # that are computed
        self._reference = Reference(engine, replacement, full=True)
        self._metric: Callable[[Tensor], Tensor] = metric
        few = metric.of_few_answers()  # else every test would compute the logits of a whole vocabulary
        narrow = None if few is None else self._adapter.answering(few[0])
        self._answering = narrow or self._adapter
        if few is not None and narrow is not None:
            self._metric = few[1]
        clean = engine.clean(full=True)
        self._places = clean.places(self._at)
        graph = self._graph
        # What is kept of the present run, by name and number: the streams that readers read, what the ports of a layer
        # project to and its heads mix, what writers write. Until something changes these are A's.
        self._now: dict[tuple[str, int], Tensor] = {}
        for number, node in enumerate(graph.writers):
            self._now["out", number] = clean.out_at(self._adapter, node, self._at)
        for number, reader in enumerate(graph.readers):
            self._now["stream", number] = clean.stream_at(reader, graph.parallel, self._at)
        for layer in range(graph.layers):
            x = self._now["stream", graph.reader_index(Reader("q", layer))]
            ports = graph.heads + 2 * graph.kv_heads
            projected = self._projected(layer, x[None, None].expand(ports, 1, *x.shape), range(ports))
            self._now["ports", layer] = projected[0]

    @property
    def bytes(self) -> int:
        """Bytes of what is kept of the present run."""
        tensors = {tensor.untyped_storage().data_ptr(): tensor for tensor in self._now.values()}
        return sum(tensor.untyped_storage().nbytes() for tensor in tensors.values())

    def lost(self, writer: int) -> Tensor:
        """What a reader would read less without an edge from a writer: [batch, rows, width]. Of a writer before the
        reader in question."""
        return self._now["out", writer] - self._reference.out_at(writer, self._at)

    def stream(self, reader: int) -> Tensor:
        """What a reader reads now: [batch, rows, width]."""
        return self._now["stream", reader]

    def run(self, number: int, streams: Tensor, used: NDArray[np.bool_]) -> tuple[Tensor, Changes]:
        """Let a reader read each of some streams [choices, batch, rows, width]. used: from which readers a kept path
        leads to `logits`, [readers]. Returns the metric [choices, batch], and what `accept` needs."""
        graph, reader = self._graph, self._graph.readers[number]
        changes: Changes = {("stream", number): streams}
        if reader.kind in "qkv":
            self._heads(reader.layer, [number], changes, used)
        elif reader.kind == "mlp":
            self._mlp(reader.layer, number, changes)
        if reader.kind != "logits":
            if reader.kind != "mlp" and not graph.parallel:
                self._read_mlp(reader.layer, changes, used)
            for layer in range(reader.layer + 1, graph.layers):
                progress.at((layer - reader.layer) / (graph.layers - reader.layer))
                base = graph.reader_index(Reader("q", layer))
                ports = [n for n in range(base, base + graph.heads + 2 * graph.kv_heads) if used[n]]
                changed_ports = [n for n in ports if self._read(n, changes)]
                if changed_ports:
                    self._heads(layer, changed_ports, changes, used)
                self._read_mlp(layer, changes, used)
            self._read(len(graph.readers) - 1, changes)
        final = changes.get(("stream", len(graph.readers) - 1))
        choices = len(streams)
        if final is None:  # nothing leads there
            final = self._now["stream", len(graph.readers) - 1][None]
        answer = self._answer(final)
        metrics = torch.stack([self._metric(each) for each in answer])
        return metrics.expand(choices, -1), changes

    def accept(self, changes: Changes, choice: int) -> None:
        """Make one of the choices of a run the present one."""
        for key, value in changes.items():
            self._now[key] = value[choice].clone()

    # ---- what is on the way ----

    def _read(self, number: int, changes: Changes) -> bool:
        """What a reader reads when writers have changed; whether it has."""
        graph = self._graph
        before = graph.writers_before(graph.readers[number])
        moved = [w for kind, w in changes if kind == "out" and w < before and self._kept_edges[number, w]]
        if moved:
            now = self._now["stream", number]
            change = sum(widened(changes["out", w]) - self._now["out", w] for w in moved)
            changes["stream", number] = (now + change).to(now.dtype)
        return bool(moved)

    def _read_mlp(self, layer: int, changes: Changes, used: NDArray[np.bool_]) -> None:
        number = self._graph.reader_index(Reader("mlp", layer))
        if used[number] and self._read(number, changes):
            self._mlp(layer, number, changes)

    # ---- nodes ----

    def _mlp(self, layer: int, number: int, changes: Changes) -> None:
        x = changes["stream", number]
        out = LayerMath(self._adapter, layer).mlp(x.flatten(0, 1))
        changes["out", self._graph.writer_index(Node("mlp", layer))] = out.unflatten(0, x.shape[:2])  # type: ignore[no-untyped-call]

    def _projected(self, layer: int, x: Tensor, ports: range | list[int]) -> Tensor:
        """What ports of a layer, by their number in it, make of streams [ports, choices, batch, rows, width]: [choices,
        batch, rows, ports, head_width]."""
        math = LayerMath(self._adapter, layer)
        projected = math.project_each(math.norm(x.flatten(1, 2)).flatten(1, 2), ports)
        return projected.reshape(*x.shape[:4], -1).permute(1, 2, 3, 0, 4)

    def _heads(self, layer: int, numbers: list[int], changes: Changes, used: NDArray[np.bool_]) -> None:
        """The heads of a layer of which some ports read something else."""
        graph, math = self._graph, LayerMath(self._adapter, layer)
        base = graph.reader_index(Reader("q", layer))
        x = torch.stack([changes["stream", number] for number in numbers])
        choices, batch = x.shape[1:3]
        which = [number - base for number in numbers]
        ports = self._now["ports", layer].expand(choices, *self._now["ports", layer].shape).clone()
        ports[:, :, :, which] = self._projected(layer, x, which)
        changes["ports", layer] = ports
        group, kv = graph.heads // graph.kv_heads, graph.kv_heads
        moved = {number for number in which if number < graph.heads}
        for number in which:
            if number >= graph.heads:
                head = (number - graph.heads) % kv
                moved.update(range(head * group, (head + 1) * group))
        everyone = list(range(graph.heads))
        heads = everyone if graph.coupled else sorted(head for head in moved if used[base + head])
        if not heads:
            return
        q, k, v = math.split(ports.flatten(0, 1))
        # Rows before the first difference are A's, as they are B's.
        below = Below(self._engine.clean(full=True), self._at.first) if self._at.first > 0 else None
        z = math.mix(q, k, v, self._places, below=below).z
        outs = math.outs(z[:, :, heads], heads, math.factor(z))
        for head, out in zip(heads, outs, strict=True):
            number = graph.writer_index(Node("head", layer, head))
            changes["out", number] = out.unflatten(0, (choices, batch))

    def _answer(self, final: Tensor) -> Tensor:
        """What the metric reads, of streams [choices, batch, rows, width]: [choices, batch, answers]."""
        engine = self._engine
        x = final.flatten(0, 1)
        reads = None if engine.reads is None else engine.reads.repeat(len(final), 1)
        output = self._answering.read(Rows(engine.length, index=reads).of(x, self._at.first))
        return at_last(output).unflatten(0, final.shape[:2])  # type: ignore[no-any-return,no-untyped-call]
