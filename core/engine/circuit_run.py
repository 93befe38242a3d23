"""Circuit runs: kept edges carry what their writer adds in this run, every other edge carries its replacement.

    x_r = reference stream at r + sum over kept edges (u -> r) of (out_u - reference_u)

In a circuit at spans the sum at a position is over the edges that are kept at its span.

Steps:
1. Which nodes are computed at all, and at which rows (`circuit_nodes.py`).
2. Layer by layer, gather the differences that the ports of the needed heads read with one matrix product,
   [ports, writers] @ [writers, rows * width]. With `patch`, the reference is the run over B, so a port that keeps no
   edge makes just what it makes in B.
3. Project each other port by its own rows of w_qkv, attend, and keep the heads' differences for later layers.

Several circuits go through the layers together, so that weights are fetched from memory once: on a small input that is
most of the cost. Each of them computes only the nodes that it needs itself.

In a causal model only the rows from the first difference between A and B on are computed for `patch`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import progress
from core.circuit import Circuit
from core.engine import few_edges
from core.engine.attention import heads_out
from core.engine.circuit_nodes import CircuitState, kept_by
from core.engine.circuit_reference import Reference
from core.engine.engine import Engine
from core.engine.layer import LayerMath, neighbours
from core.engine.plan import Plan, StagePlan
from core.engine.replacement import ablation
from core.engine.rows import Rows
from core.engine.state import Readout, RunState, Together
from core.errors import Cancelled, MemoryBudgetError
from core.graph import Reader
from core.models.adapter import Places
from core.spans import span_numbers

CHUNK_BYTES = 192 * 2**20  # of writers' differences held at once
TILE_BYTES = 2**23  # of the streams that ports read: normed and projected while they are in the processor's cache
TILE_ROWS = 64  # at least, as each tile fetches the ports' weights
DENSE = 0.5
FEW_ROWS = 64  # a circuit computes ports that it does not read so that weights are fetched once


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
    runs: dict[int, tuple[RunState, range]] = {}
    waiting: list[tuple[int, CircuitState]] = []
    for number, circuit in enumerate(circuits):
        span_of = span_numbers(circuit.spans, engine.extent) if circuit.spans else None
        if circuit.whole:
            runs[number] = engine.clean(), range(layers, layers)
        else:
            alike = carried.first_row(engine) == engine.length  # A and B are the same
            if alike:
                circuit = circuit.chosen(np.zeros(len(circuit), dtype=bool))
            waiting.append((number, kept_by(circuit, carried.one_run, engine.reads is not None, span_of)))
    with torch.no_grad():
        for _ in waiting:  # as for each other run
            engine.pack()
        chunks = _chunks(engine, waiting, replacement)
        for number, chunk in enumerate(chunks):
            with progress.stage(number / len(chunks), (number + 1) / len(chunks)):
                results = CircuitRun(engine, [state for _, state in chunk], replacement).run(cancelled)
            runs.update(zip((number for number, _ in chunk), results, strict=True))
    return [runs[number] for number in range(len(circuits))]


def _chunks(
    engine: Engine, waiting: list[tuple[int, CircuitState]], replacement: str
) -> list[list[tuple[int, CircuitState]]]:
    """Circuits that go together: as many as fit, those of like size beside each other."""
    rows = engine.length - ablation(replacement).first_row(engine)
    writer_bytes = engine.batch * engine.adapter.shape.width * engine.adapter.dtype.itemsize  # of a writer at one row
    reads = 0 if engine.reads is None else engine.reads.shape[1]
    chunks: list[list[tuple[int, CircuitState]]] = []
    free = 0
    limit = min(CHUNK_BYTES, engine.memory // 2)
    for entry in sorted(waiting, key=lambda entry: (int(entry[1].everywhere.sum()), len(entry[1].writers))):
        state = entry[1]
        size = (int(state.everywhere.sum()) * rows + len(state.writers) * reads) * writer_bytes
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

    def __init__(self, engine: Engine, circuits: list[CircuitState], replacement: str) -> None:
        self.engine = engine
        self.adapter = engine.adapter
        self.shape = engine.adapter.shape
        self.graph = engine.graph
        self.circuits = circuits
        self.rows = Rows(engine.length, ablation(replacement).first_row(engine))  # that are computed
        self.reads = Rows(engine.length, index=engine.reads)  # that the output reads
        self.late = engine.reads is not None  # whether these are not all
        self.reference = Reference(engine, replacement)
        for circuit in circuits:
            circuit.differences = self._empty(int(circuit.everywhere.sum()), self.rows.count)
            circuit.at_reads = self._empty(len(circuit.writers), self.reads.count) if self.late else None

    def _empty(self, writers: int, rows: int) -> Tensor:
        size = (writers, self.engine.batch, rows, self.shape.width)
        return torch.empty(size, dtype=self.adapter.dtype, device=self.adapter.device)

    def run(self, cancelled: Callable[[], bool] | None) -> list[tuple[RunState, range]]:
        layers = self.shape.layers
        first_layers = [layers] * len(self.circuits)
        everyone = list(range(len(self.circuits)))
        embedding = self.engine.clean().embedding
        for rows, starting in self._by_rows(0):
            difference = rows.of(embedding - self.reference.out(0))
            self._store(starting, 0, difference.expand(len(starting), *difference.shape), rows)
        for layer in range(layers):
            if cancelled is not None and cancelled():
                raise Cancelled
            progress.at(layer / layers)
            ran = self._attention(layer) + self._mlp(layer)
            for circuit in ran:
                first_layers[circuit] = min(first_layers[circuit], layer)
        reader = Reader("logits")
        number = self.graph.reader_index(reader)
        x = self._streams(reader, np.array([number]), everyone, self.reads if self.late else self.rows)[:, :, :, 0]
        if not self.late and self.rows.first > 0:
            below = self.reference.whole_stream(reader)[:, : self.rows.first]
            x = torch.cat([below.expand(len(everyone), *below.shape), x], dim=2)
        for state in self.circuits:  # theirs is most of the memory, and others run next
            state.differences = state.at_reads = None
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
        """Compute the needed heads of a layer; circuits that need the same ones go together, of many rows those alone
        that compute the same ports. Returns the circuits."""
        base, ports = 1 + layer * (self.graph.heads + 1), self.graph.heads + 2 * self.graph.kv_heads
        numbers = self.graph.reader_index(Reader("q", layer)) + np.arange(ports)
        many = self.engine.batch * self.rows.count > FEW_ROWS
        groups: dict[tuple[Rows, tuple[int, ...], bytes], list[int]] = {}
        for number, state in enumerate(self.circuits):
            by_rows: dict[Rows, list[int]] = {}
            for head in np.flatnonzero(state.needed[base : base + self.graph.heads]).tolist():
                by_rows.setdefault(self._rows_of(state, base + head), []).append(head)
            reading = state.reading[numbers].tobytes() if many else b""
            for rows, wanted in by_rows.items():
                groups.setdefault((rows, tuple(wanted), reading), []).append(number)
        for (rows, some, _), circuits in groups.items():
            self._heads(layer, list(some), circuits, rows)
        return [circuit for circuits in groups.values() for circuit in circuits]

    def _heads(self, layer: int, wanted: list[int], circuits: list[int], rows: Rows) -> None:
        graph, math = self.graph, LayerMath(self.adapter, layer)
        heads = list(range(graph.heads)) if graph.coupled else wanted
        group = graph.heads // graph.kv_heads
        kv_heads = sorted({head // group for head in heads})
        q, k, v = self._ports(math, heads, kv_heads, circuits, rows)
        z = math.attend(q, k, v, self._places(rows, circuits), heads, kv_heads)
        factor = math.factor(z)
        if graph.coupled:
            z = z[:, :, wanted]
        z = z.reshape(len(circuits), -1, *z.shape[1:])
        reference = self.reference.z(layer, wanted, rows)
        numbers = [1 + layer * (graph.heads + 1) + head for head in wanted]
        if reference is not None:
            self._store_heads(layer, numbers, circuits, wanted, z - reference, rows)
            return
        of_circuits = None if factor is None else factor.reshape(len(circuits), -1, *factor.shape[1:])
        outs = math.outs(z, wanted, of_circuits)
        differences = outs - self.reference.outs(numbers, rows)[:, None]
        for number, difference in zip(numbers, differences, strict=True):
            self._store(circuits, number, difference, rows)

    def _places(self, rows: Rows, circuits: list[int]) -> Places:
        """Where rows stand, of all circuits one after the other."""
        index = None if rows.index is None else rows.index.repeat(len(circuits), 1)
        return replace(rows, index=index).places(self.engine.clean().embedding, self.engine.grid)

    def _ports(
        self, math: LayerMath, heads: list[int], kv_heads: list[int], circuits: list[int], rows: Rows
    ) -> tuple[Tensor, Tensor, Tensor]:
        """q of some heads at their rows, turned, and k and v at every position: [circuits * batch, ..., heads,
        head_width]."""
        of_kind = {"q": heads, "k": kv_heads, "v": kv_heads}
        computed = {kind: self._reading(math, kind, some, circuits) for kind, some in of_kind.items()}
        ports = {kind: [math.port(Reader(kind, math.layer, head)) for head in some] for kind, some in computed.items()}  # type: ignore[arg-type]
        by_rows = [(rows, "qkv")] if rows is self.rows else [(rows, "q"), (self.rows, "kv")]
        projections: dict[str, Tensor] = {}
        for at, kinds in by_rows:
            projected = self._project(math, [port for kind in kinds for port in ports[kind]], circuits, at)
            sizes = [len(ports[kind]) for kind in kinds]
            projections.update(zip(kinds, projected.split(sizes, dim=2), strict=True))  # type: ignore[no-untyped-call]
        q, k, v = projections["q"], projections["k"], projections["v"]
        q = math.query(q, self._places(rows, circuits), computed["q"]) if computed["q"] else q
        k = math.key(k, self._places(self.rows, circuits), computed["k"]) if computed["k"] else k
        q = self._with_reference(math.layer, "q", q, computed["q"], heads, rows, circuits)
        k = self._with_reference(math.layer, "k", k, computed["k"], kv_heads, Rows(self.rows.length), circuits)
        v = self._with_reference(math.layer, "v", v, computed["v"], kv_heads, Rows(self.rows.length), circuits)
        return q, k, v

    def _reading(self, math: LayerMath, kind: str, heads: list[int], circuits: list[int]) -> list[int]:
        """Of which heads the ports of a kind are computed: in some circuit they keep an edge, or they have no values in
        the reference. A norm over all heads of a layer needs all."""
        if not self.reference.one_run:
            return heads
        numbers = [self.graph.reader_index(Reader(kind, math.layer, head)) for head in heads]  # type: ignore[arg-type]
        keep: NDArray[np.bool_] = np.logical_or.reduce([self.circuits[c].reading[numbers] for c in circuits])
        if self.graph.coupled:
            keep[:] = keep.any()
        return [head for head, one in zip(heads, keep.tolist(), strict=True) if one]

    def _with_reference(
        self,
        layer: int,
        kind: str,
        projected: Tensor,
        of: list[int],
        heads: list[int],
        rows: Rows,
        circuits: list[int],
    ) -> Tensor:
        """What ports of a kind make of some heads, at the last of some rows, among what those of all heads make: the
        others, and the rows before, are the reference's."""
        if of == heads and projected.shape[1] == rows.count:
            return projected
        ports = self.reference.port(layer, kind, heads, rows).repeat(len(circuits), 1, 1, 1)
        if of:
            ports[:, rows.count - projected.shape[1] :, neighbours([heads.index(head) for head in of])] = projected
        return ports

    def _project(self, math: LayerMath, ports: list[int], circuits: list[int], rows: Rows) -> Tensor:
        """What ports make of the streams that they read: [circuits * batch, rows, ports, head_width]."""
        shape = self.shape
        if not ports:
            size = len(circuits) * self.engine.batch, rows.count, 0, shape.head_width
            return torch.empty(size, dtype=self.adapter.dtype, device=self.adapter.device)
        numbers = math.layer * (shape.heads + 2 * shape.kv_heads + 1) + np.array(ports)
        x = self._streams(Reader("q", math.layer), numbers, circuits, rows)
        by_row = x.flatten(0, 2)  # normed as it is held: readers of one row beside each other
        step = max(TILE_ROWS, TILE_BYTES // (by_row[0].numel() * x.element_size()))
        tiles = [math.project_each(math.norm(tile).transpose(0, 1), ports) for tile in by_row.split(step)]  # type: ignore[no-untyped-call]
        projected = tiles[0] if len(tiles) == 1 else torch.cat(tiles, dim=1)
        return projected.transpose(0, 1).unflatten(0, (-1, rows.count))  # type: ignore[no-any-return,no-untyped-call]

    def _mlp(self, layer: int) -> list[int]:
        """Compute a layer's MLP for the circuits that need it. Returns them."""
        number = 1 + layer * (self.graph.heads + 1) + self.graph.heads
        ran, reader = [], Reader("mlp", layer)
        for rows, circuits in self._by_rows(number):
            x = self._streams(reader, np.array([self.graph.reader_index(reader)]), circuits, rows)[:, :, :, 0]
            out = LayerMath(self.adapter, layer).mlp(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # type: ignore[no-untyped-call]
            self._store(circuits, number, out - self.reference.out_at(number, rows), rows)
            ran += circuits
        return ran

    # ---- differences ----

    def _rows_of(self, state: CircuitState, number: int) -> Rows:
        """Those at which a writer is computed."""
        return self.rows if number in state.row_everywhere else self.reads

    def _by_rows(self, number: int) -> list[tuple[Rows, list[int]]]:
        """The circuits that need a writer, by the rows at which they do."""
        groups: dict[Rows, list[int]] = {}
        for circuit, state in enumerate(self.circuits):
            if state.needed[number]:
                groups.setdefault(self._rows_of(state, number), []).append(circuit)
        return list(groups.items())

    def _store(self, circuits: list[int], number: int, differences: Tensor, rows: Rows) -> None:
        """Keep what a writer wrote in some circuits: [circuits, batch, rows, width]."""
        for circuit, difference in zip(circuits, differences, strict=True):
            state = self.circuits[circuit]
            if rows is self.rows:
                assert state.differences is not None
                state.differences[state.row_everywhere[number]] = difference
            else:
                assert state.at_reads is not None
                state.at_reads[state.row_of[number]] = difference

    def _store_heads(
        self, layer: int, numbers: list[int], circuits: list[int], heads: list[int], differences: Tensor, rows: Rows
    ) -> None:
        """The same for heads, from what they mix: [circuits, batch, rows, heads, head_width]. Those of a layer that
        matter everywhere are neighbours in what is kept."""
        weights = self.adapter.attention[layer]
        for circuit, difference in zip(circuits, differences, strict=True):
            state = self.circuits[circuit]
            if rows is self.rows:
                assert state.differences is not None
                first = state.row_everywhere[numbers[0]]
                out = state.differences[first : first + len(numbers)].flatten(1, 2)
                heads_out(weights, difference.flatten(0, 1), heads, out)
            else:
                assert state.at_reads is not None
                state.at_reads[[state.row_of[number] for number in numbers]] = heads_out(weights, difference, heads)

    def _copy_to_reads(self, state: CircuitState, before: int) -> Tensor:
        """What a circuit's writers wrote at the positions that the output reads; of those before a number all."""
        assert state.differences is not None
        assert state.at_reads is not None
        assert self.reads.index is not None
        rows = np.flatnonzero(state.everywhere)
        upto = int(np.searchsorted(state.writers[rows], before))
        if upto > state.copied:
            index = self.reads.index - self.rows.first
            written = state.differences[state.copied : upto].take_along_dim(index.clamp(min=0)[None, :, :, None], dim=2)
            state.at_reads[torch.from_numpy(rows[state.copied : upto])] = written * (index >= 0)[:, :, None]
            state.copied = upto
        return state.at_reads

    def _streams(self, reader: Reader, numbers: NDArray[np.int64], circuits: list[int], rows: Rows) -> Tensor:
        """Step 2: what readers that read at one place read: [circuits, batch, rows, readers, width]."""
        engine, width = self.engine, self.shape.width
        size = engine.batch, rows.count, width
        reference = self.reference.stream(reader, rows).expand(size).flatten(0, 1)[:, None]  # [batch * rows, 1, width]
        x = reference.new_empty(len(circuits), len(reference), len(numbers), width)
        for place, circuit in enumerate(circuits):
            state = self.circuits[circuit]
            everywhere = rows is self.rows
            source = state.differences if everywhere else self._copy_to_reads(state, self.graph.writers_before(reader))
            assert source is not None
            keep = (state.matrix_everywhere if everywhere else state.matrix)[:, numbers]
            writers = np.flatnonzero(keep.any(axis=(0, 1)))
            if not len(writers):
                x[place] = reference
                continue
            upto = int(writers[-1]) + 1
            if state.span_of is None and few_edges.pays(keep[0, :, :upto], x[place]):
                few_edges.add_each(keep[0], source.flatten(1, 2), reference[:, 0], x[place])
                continue
            dense = len(writers) > DENSE * upto  # to add a few zeros is quicker than to copy all that is not zero
            factors = torch.from_numpy(keep[:, :, :upto] if dense else keep[:, :, writers]).to(source)
            picked = source[:upto] if dense else source[torch.from_numpy(writers)]
            by_row = picked.flatten(1, 2).transpose(0, 1)  # one product a row keeps both factors in the cache
            if state.span_of is None:
                row_factors = factors.expand(len(by_row), *factors.shape[1:])
            else:
                spans = torch.from_numpy(state.span_of).to(self.adapter.device)
                row_factors = factors[rows.of(spans).flatten()]
            torch.baddbmm(reference.expand_as(x[place]), row_factors, by_row, out=x[place])
        return x.unflatten(1, size[:2])  # type: ignore[no-any-return,no-untyped-call]
