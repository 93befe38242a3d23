"""Circuit runs: kept edges carry what their writer adds in this run, every other edge carries its replacement.

    x_r = reference stream at r + sum over kept edges (u -> r) of (out_u - reference_u)

In a circuit at spans the sum at a position is over the edges that are kept at its span.

Steps:
1. Drop what cannot matter: a node from which no kept path leads to `logits` is never computed. With `patch`, the
   reference is the run over B, so a node that no kept path reaches from `input` writes just what it writes in B: it
   is not computed either. In a coupled model the heads of a layer count as one here.
2. Layer by layer, gather the differences that the ports of the needed heads read with one matrix product,
   [ports, writers] @ [writers, rows * width].
3. Project each port by its own rows of w_qkv, attend, and keep the heads' differences for later layers.

Several circuits go through the layers together, so that weights are fetched from memory once: on a small input that is
most of the cost. Each of them computes only the nodes that it needs itself.

In a causal model only the rows from the first difference between A and B on are computed for `patch`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import progress
from core.circuit import Circuit, reachable_at
from core.engine.attention import heads_out
from core.engine.circuit_reference import Reference
from core.engine.engine import Engine
from core.engine.layer import Below, LayerMath
from core.engine.plan import Plan, StagePlan
from core.engine.replacement import ablation
from core.engine.rows import Rows
from core.engine.state import Readout, RunState, Together
from core.errors import Cancelled, MemoryBudgetError
from core.graph import Reader
from core.models.adapter import Places
from core.spans import span_numbers

CHUNK_BYTES = 192 * 2**20  # of writers' differences held at once
TILE_BYTES = 2**20  # of the streams that ports read: normed and projected while they are in the processor's cache
DENSE = 0.5


@dataclass
class Kept:
    """One circuit: writers, those whose difference somebody reads; matrix, what each reader keeps at each span [spans,
    readers, writers]; needed, whether a node of the graph is one of the writers; span_of, the span of each position
    [batch, position], None of a circuit without spans.

    differences: [writers, batch, rows, width], each set before it is read. at_reads: the same at the positions that
    the output reads, the last layer's included; the others do not hold that layer then.
    """

    writers: NDArray[np.int64]
    matrix: NDArray[np.bool_]
    needed: NDArray[np.bool_]
    span_of: NDArray[np.int64] | None = None
    differences: Tensor | None = None
    at_reads: Tensor | None = None

    @cached_property
    def row_of(self) -> dict[int, int]:
        return {int(number): row for row, number in enumerate(self.writers)}


def run_circuits(
    engine: Engine,
    circuits: Sequence[Circuit],
    replacement: str,
    cancelled: Callable[[], bool] | None = None,
) -> list[tuple[RunState, range]]:
    """Run A with all edges outside a circuit replaced, for each of several circuits of the engine's graph. Returns a
    state with its output, and the layers computed, for each.

    Raises EditError for `patch` without a counterfactual and for spans that the inputs do not have, ArgumentError for
    another replacement, InputError for spans that leave positions out, Cancelled.
    """
    carried = ablation(replacement)
    carried.check(engine)
    carried.prepare(engine.references, cancelled)
    layers = engine.graph.layers
    done: dict[int, tuple[RunState, range]] = {}
    waiting: list[tuple[int, Kept]] = []
    for number, circuit in enumerate(circuits):
        span_of = span_numbers(circuit.spans, engine.extent) if circuit.spans else None
        if circuit.whole:
            done[number] = engine.clean(), range(layers, layers)
        else:
            alike = carried.first_row(engine) == engine.length  # A and B are the same
            if alike:
                circuit = circuit.chosen(np.zeros(len(circuit), dtype=bool))
            waiting.append((number, _keep(circuit, carried.one_run, span_of)))
    with torch.no_grad():
        chunks = _chunks(engine, waiting, replacement)
        for number, chunk in enumerate(chunks):
            with progress.stage(number / len(chunks), (number + 1) / len(chunks)):
                results = CircuitRun(engine, [kept for _, kept in chunk], replacement).run(cancelled)
            done.update(zip((number for number, _ in chunk), results, strict=True))
    return [done[number] for number in range(len(circuits))]


def _keep(circuit: Circuit, one_run: bool, span_of: NDArray[np.int64] | None) -> Kept:
    """Step 1. one_run: whether what is replaced is all of one run."""
    matrix = circuit.matrix()
    fed, used = reachable_at(circuit.graph, matrix)
    matrix &= used[:, :, None]
    if one_run:
        matrix &= fed[:, None]
    needed: NDArray[np.bool_] = np.logical_or.reduce(matrix, axis=(0, 1))
    return Kept(np.flatnonzero(needed), matrix[:, :, needed], needed, span_of)


def _chunks(engine: Engine, waiting: list[tuple[int, Kept]], replacement: str) -> list[list[tuple[int, Kept]]]:
    """Circuits that go together: as many as fit, those of like size beside each other."""
    rows = engine.length - ablation(replacement).first_row(engine)
    one = engine.batch * max(rows, 1) * engine.adapter.shape.width * engine.adapter.dtype.itemsize
    chunks: list[list[tuple[int, Kept]]] = []
    free = 0
    limit = min(CHUNK_BYTES, engine.memory // 2)
    for entry in sorted(waiting, key=lambda entry: len(entry[1].writers)):
        size = len(entry[1].writers) * one
        if size > engine.memory:
            raise MemoryBudgetError(
                f"This circuit needs about {size / 2**20:.3g} MB, and the budget is {engine.memory / 2**20:.3g} MB.",
                "Raise it (memory_megabytes), or take fewer or shorter inputs at once.",
            )
        if not chunks or size > free:
            chunks.append([])
            free = limit
        free -= size
        chunks[-1].append(entry)
    return chunks


class CircuitRun:
    """The differences of the needed writers of several circuits, and the stream that each reader gets from them."""

    def __init__(self, engine: Engine, circuits: list[Kept], replacement: str) -> None:
        self.engine = engine
        self.adapter = engine.adapter
        self.shape = engine.adapter.shape
        self.graph = engine.graph
        self.circuits = circuits
        self.rows = Rows(engine.length, ablation(replacement).first_row(engine))  # that are computed
        self.reads = Rows(engine.length, index=engine.reads)  # that the output reads
        self.late = engine.reads is not None  # whether the last layer computes these alone
        self.reference = Reference(engine, replacement)
        last = self.graph.n_writers - (self.graph.heads + 1)  # the first writer of the last layer
        for kept in circuits:
            early = int((kept.writers < last).sum()) if self.late else len(kept.writers)
            kept.differences = self._empty(early, self.rows.count)
            kept.at_reads = self._empty(len(kept.writers), self.reads.count) if self.late else None

    def _empty(self, writers: int, rows: int) -> Tensor:
        size = (writers, self.engine.batch, rows, self.shape.width)
        return torch.empty(size, dtype=self.adapter.dtype, device=self.adapter.device)

    def run(self, cancelled: Callable[[], bool] | None) -> list[tuple[RunState, range]]:
        layers = self.shape.layers
        first_layers = [layers] * len(self.circuits)
        everyone = list(range(len(self.circuits)))
        embedding = self.engine.clean().embedding
        starting = [c for c in everyone if self.circuits[c].needed[0]]
        if starting:
            difference = self.rows.of(embedding - self.reference.out(0))
            self._store(starting, 0, difference.expand(len(starting), *difference.shape), 0)
        for layer in range(layers):
            if cancelled is not None and cancelled():
                raise Cancelled
            progress.at(layer / layers)
            if self._rows_of(layer) is self.reads:
                self._gather_reads()
            ran = self._attention(layer) + self._mlp(layer)
            for circuit in ran:
                first_layers[circuit] = min(first_layers[circuit], layer)
        reader = Reader("logits")
        number = self.graph.reader_index(reader)
        x = self._streams(reader, np.array([number]), everyone, self.reads if self.late else self.rows)[0]
        if not self.late and self.rows.first > 0:
            below = self.reference.whole_stream(reader)[:, : self.rows.first]
            x = torch.cat([below.expand(len(everyone), *below.shape), x], dim=2)
        together = Together(self.adapter, x)
        plan = Plan((), tuple(StagePlan() for _ in range(2 * layers + 1)), ())
        return [
            (
                RunState(
                    plan,
                    self.reads.index,
                    embedding,
                    final=x[c],
                    readout=Readout(x[c], self.adapter, among=(together, c)),
                ),
                range(first_layers[c], layers),
            )
            for c in everyone
        ]

    # ---- layers ----

    def _attention(self, layer: int) -> list[int]:
        """Compute the needed heads of a layer; circuits that need the same ones go together. Returns the circuits."""
        base = 1 + layer * (self.graph.heads + 1)
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, kept in enumerate(self.circuits):
            wanted = tuple(np.flatnonzero(kept.needed[base : base + self.graph.heads]).tolist())
            if wanted:
                groups.setdefault(wanted, []).append(number)
        for wanted, circuits in groups.items():
            self._heads(layer, list(wanted), circuits)
        return [circuit for circuits in groups.values() for circuit in circuits]

    def _heads(self, layer: int, wanted: list[int], circuits: list[int]) -> None:
        graph, math = self.graph, LayerMath(self.adapter, layer)
        heads = list(range(graph.heads)) if graph.coupled else wanted
        group = graph.heads // graph.kv_heads
        kv_heads = sorted({head // group for head in heads})
        rows, first = self._rows_of(layer), self.rows.first
        q, k, v = self._ports(math, heads, kv_heads, circuits, rows)
        queries, keys = self._places(rows, circuits), self._places(self.rows, circuits)
        below = Below(self.reference.run, first) if first > 0 else None  # those of B
        z = math.mix(q, k, v, queries, keys, below, heads, kv_heads).z
        factor = math.factor(z)
        if graph.coupled:
            z = z[:, :, wanted]
        z = z.reshape(len(circuits), -1, *z.shape[1:])
        reference = self.reference.z(layer, wanted, rows)
        numbers = [1 + layer * (graph.heads + 1) + head for head in wanted]
        if reference is not None:
            self._store_heads(layer, numbers, circuits, wanted, z - reference)
            return
        of_circuits = None if factor is None else factor.reshape(len(circuits), -1, *factor.shape[1:])
        outs = math.outs(z, wanted, of_circuits)
        differences = outs - self.reference.outs(numbers, rows)[:, None]
        for number, difference in zip(numbers, differences, strict=True):
            self._store(circuits, number, difference, layer)

    def _places(self, rows: Rows, circuits: list[int]) -> Places:
        """Where rows stand, of all circuits one after the other."""
        index = None if rows.index is None else rows.index.repeat(len(circuits), 1)
        return replace(rows, index=index).places(self.engine.clean().embedding, self.engine.grid)

    def _ports(
        self, math: LayerMath, heads: list[int], kv_heads: list[int], circuits: list[int], rows: Rows
    ) -> tuple[Tensor, Tensor, Tensor]:
        """q of some heads at its rows, k and v at every row that is computed: [circuits * batch, rows, heads,
        head_width]."""
        shape = self.shape
        k_rows = [shape.heads + head for head in kv_heads]
        v_rows = [shape.heads + shape.kv_heads + head for head in kv_heads]
        if rows is self.rows:
            ports = self._project(math, [*heads, *k_rows, *v_rows], circuits, rows)
            q, kv = ports[:, :, : len(heads)], ports[:, :, len(heads) :]
        else:
            q = self._project(math, heads, circuits, rows)
            kv = self._project(math, [*k_rows, *v_rows], circuits, self.rows)
        return q, kv[:, :, : len(kv_heads)], kv[:, :, len(kv_heads) :]

    def _project(self, math: LayerMath, ports: list[int], circuits: list[int], rows: Rows) -> Tensor:
        """What ports make of the streams that they read: [circuits * batch, rows, ports, head_width]."""
        shape = self.shape
        numbers = math.layer * (shape.heads + 2 * shape.kv_heads + 1) + np.array(ports)
        x = self._streams(Reader("q", math.layer), numbers, circuits, rows)
        step = max(1, TILE_BYTES // (x[:1].numel() * x.element_size()))
        tiles = []
        for start in range(0, len(ports), step):
            tile = slice(start, start + step)
            tiles.append(math.project_each(math.norm(x[tile]).flatten(1, 3), ports[tile]))
        projected = tiles[0] if len(tiles) == 1 else torch.cat(tiles)
        by_port = projected.reshape(*x.shape[:4], -1)
        return by_port.permute(1, 2, 3, 0, 4).flatten(0, 1)

    def _mlp(self, layer: int) -> list[int]:
        """Compute a layer's MLP for the circuits that need it. Returns them."""
        number = 1 + layer * (self.graph.heads + 1) + self.graph.heads
        circuits = [c for c, kept in enumerate(self.circuits) if kept.needed[number]]
        if not circuits:
            return []
        rows, reader = self._rows_of(layer), Reader("mlp", layer)
        x = self._streams(reader, np.array([self.graph.reader_index(reader)]), circuits, rows)[0]
        out = LayerMath(self.adapter, layer).mlp(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # type: ignore[no-untyped-call]
        self._store(circuits, number, out - self.reference.out_at(number, rows), layer)
        return circuits

    # ---- differences ----

    def _rows_of(self, layer: int) -> Rows:
        """Those that the queries and the MLP of a layer compute."""
        return self.reads if self.late and layer == self.shape.layers - 1 else self.rows

    def _store(self, circuits: list[int], number: int, differences: Tensor, layer: int) -> None:
        """Keep what a writer wrote in some circuits: [circuits, batch, rows, width]."""
        for circuit, difference in zip(circuits, differences, strict=True):
            kept = self.circuits[circuit]
            self._target(kept, number, layer)[kept.row_of[number]] = difference

    def _target(self, kept: Kept, number: int, layer: int) -> Tensor:
        target = kept.at_reads if self._rows_of(layer) is self.reads and number > 0 else kept.differences
        assert target is not None
        return target

    def _store_heads(
        self, layer: int, numbers: list[int], circuits: list[int], heads: list[int], differences: Tensor
    ) -> None:
        """The same for heads, from what they mix: [circuits, batch, rows, heads, head_width]. Heads of a layer are
        neighbours in what is kept."""
        for circuit, difference in zip(circuits, differences, strict=True):
            kept = self.circuits[circuit]
            first = kept.row_of[numbers[0]]
            out = self._target(kept, numbers[0], layer)[first : first + len(numbers)].flatten(1, 2)
            heads_out(self.adapter.attention[layer], difference.flatten(0, 1), heads, out)

    def _gather_reads(self) -> None:
        """What earlier layers wrote, at the positions that the output reads."""
        assert self.reads.index is not None
        index = self.reads.index - self.rows.first
        for kept in self.circuits:
            assert kept.differences is not None
            assert kept.at_reads is not None
            early = kept.at_reads[: len(kept.differences)]
            found = kept.differences.take_along_dim(index.clamp(min=0)[None, :, :, None], dim=2)
            early[:] = found * (index >= 0)[:, :, None]

    def _streams(self, reader: Reader, numbers: NDArray[np.int64], circuits: list[int], rows: Rows) -> Tensor:
        """Step 2: what readers that read at one place read: [readers, circuits, batch, rows, width]."""
        engine, width = self.engine, self.shape.width
        size = engine.batch, rows.count, width
        reference = self.reference.stream(reader, rows).expand(size).flatten(0, 1)[:, None]  # [batch * rows, 1, width]
        x = reference.new_empty(len(circuits), len(reference), len(numbers), width)
        for place, circuit in enumerate(circuits):
            kept = self.circuits[circuit]
            source = kept.differences if rows is self.rows else kept.at_reads
            assert source is not None
            keep = kept.matrix[:, numbers]
            chosen = np.flatnonzero(keep.any(axis=(0, 1)))
            if not len(chosen):
                x[place] = reference
                continue
            upto = int(chosen[-1]) + 1
            dense = len(chosen) > DENSE * upto  # to add a few zeros is quicker than to copy all that is not zero
            factors = torch.from_numpy(keep[:, :, :upto] if dense else keep[:, :, chosen]).to(source)
            picked = source[:upto] if dense else source[torch.from_numpy(chosen)]
            by_row = picked.flatten(1, 2).transpose(0, 1)  # one product a row keeps both factors in the cache
            if kept.span_of is None:
                own = factors.expand(len(by_row), *factors.shape[1:])
            else:
                spans = torch.from_numpy(kept.span_of).to(self.adapter.device)
                own = factors[rows.of(spans).flatten()]
            torch.baddbmm(reference.expand_as(x[place]), own, by_row, out=x[place])
        return x.unflatten(1, size[:2]).permute(3, 0, 1, 2, 4)  # type: ignore[no-any-return,no-untyped-call]
