"""A circuit run: kept edges carry what their writer adds in this run, every other edge carries its replacement.

    x_r = reference stream at r + sum over kept edges (u -> r) of (out_u - reference_u)

Steps:
1. Drop what cannot matter: a node from which no kept path leads to `logits` is never computed. With `patch`, the
   reference is the run over B, so a node that no kept path reaches from `input` writes just what it writes in B: it
   is not computed either. In a coupled model the heads of a layer count as one here.
2. Layer by layer, gather the differences that the ports of the needed heads read with one matrix product,
   [ports, writers] @ [writers, rows * width].
3. Project each port by its own rows of w_qkv, attend, and keep the heads' differences for later layers.

In a causal model only the rows from the first difference between A and B on are computed for `patch`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.circuit import reachable
from core.engine.attention import attend, head_out, of_heads, score_mask, write_heads
from core.engine.engine import Engine
from core.engine.plan import Plan, StagePlan
from core.engine.state import RunState, places, stream_before, take
from core.errors import ArgumentError, Cancelled, EditError
from core.graph import Reader
from core.models.adapter import Places


def run_circuit(
    engine: Engine, edges: NDArray[np.int64], replacement: str, cancelled: Callable[[], bool] | None = None
) -> tuple[RunState, range]:
    """Run A with all edges outside `edges` replaced. Returns a state with its output, and the layers computed.

    Raises EditError for `patch` without a counterfactual, ArgumentError for another replacement, Cancelled.
    """
    if replacement not in ("patch", "zero", "mean"):
        raise ArgumentError(f"A circuit cannot run with {replacement!r}.", "There are: patch, zero, mean.")
    if replacement == "patch" and engine.counterfactual() is None:
        raise EditError("There is no counterfactual input to patch from.", "Give an input B, or use zero or mean.")
    with torch.no_grad():
        return CircuitRun(engine, edges, replacement).run(cancelled)


class CircuitRun:
    """The differences of the needed writers, and the stream that each reader gets from them."""

    def __init__(self, engine: Engine, edges: NDArray[np.int64], replacement: str) -> None:
        self.engine = engine
        self.adapter = engine.adapter
        self.shape = engine.adapter.shape
        self.graph = engine.graph
        self.replacement = replacement
        self.b = engine.counterfactual() if replacement == "patch" else None
        self.first = engine.first_patched_row if self.b is not None else 0
        self.reads = engine.reads

        graph = self.graph
        fed, used = reachable(graph, edges)
        live = used[graph.edge_readers[edges]]
        if self.b is not None:
            live &= fed[graph.edge_writers[edges]]
        kept = edges[live]
        self.kept: dict[int, list[int]] = {}
        for reader, writer in zip(graph.edge_readers[kept].tolist(), graph.edge_writers[kept].tolist(), strict=True):
            self.kept.setdefault(reader, []).append(writer)
        self.needed = np.zeros(graph.n_writers, dtype=bool)  # writers whose difference somebody reads
        self.needed[graph.edge_writers[kept]] = True
        numbers = np.flatnonzero(self.needed)
        self.row_of = {int(number): row for row, number in enumerate(numbers)}
        last = graph.n_writers - (graph.heads + 1)  # the first writer of the last layer
        early = int((numbers < last).sum()) if self.reads is not None else len(numbers)
        batch, length = engine.batch, engine.length
        options = {"dtype": self.adapter.dtype, "device": self.adapter.device}
        self.differences = torch.zeros(early, batch, length - self.first, self.shape.width, **options)
        self.at_reads: Tensor | None = None  # the same at the positions that the output reads, last layer included
        if self.reads is not None:
            self.at_reads = torch.zeros(len(numbers), batch, self.reads.shape[1], self.shape.width, **options)

    def run(self, cancelled: Callable[[], bool] | None) -> tuple[RunState, range]:
        layers = self.shape.layers
        first_layer = layers
        if self.needed[0]:
            embedding = self.engine.clean().embedding
            self._store(0, (embedding - self._reference_out(0))[:, self.first :], layer=0)
        for layer in range(layers):
            if cancelled is not None and cancelled():
                raise Cancelled
            if self._at_reads(layer) is not None:
                self._gather_reads()
            ran = self._heads(layer) + self._mlp(layer)
            if ran:
                first_layer = min(first_layer, layer)
        reader = Reader("logits")
        x = self._reference_stream(reader, self.reads)
        x = x + self._sum([self.graph.reader_index(reader)], self.reads)[0]
        if self.reads is None and self.first > 0:
            below = self._reference_full(reader)[:, : self.first]
            x = torch.cat([below, x], dim=1)
        plan = Plan((), tuple(StagePlan() for _ in range(2 * layers + 1)), ())
        state = RunState(plan, self.reads, self.engine.clean().embedding, final=x, output=self.adapter.read(x))
        return state, range(first_layer, layers)

    # ---- layers ----

    def _heads(self, layer: int) -> int:
        """Compute the needed heads of a layer. Returns how many."""
        graph, adapter = self.graph, self.adapter
        base = 1 + layer * (graph.heads + 1)
        wanted = [head for head in range(graph.heads) if self.needed[base + head]]
        if not wanted:
            return 0
        heads = list(range(graph.heads)) if graph.coupled else wanted
        weights = adapter.attention[layer]
        group = graph.heads // graph.kv_heads
        kv_heads = sorted({head // group for head in heads})
        reads = self._at_reads(layer)
        q = self._ports(layer, "q", heads, reads)
        k = self._ports(layer, "k", kv_heads, None)
        v = self._ports(layer, "v", kv_heads, None)
        each = torch.tensor([kv_heads.index(head // group) for head in heads], device=adapter.device)
        mask = score_mask(adapter, layer, self._places(reads), heads)
        z = attend(of_heads(weights, heads), q, k[:, :, each], v[:, :, each], mask)
        factor = None if weights.joint_scale is None else write_heads(weights, z)[1]
        for head in wanted:
            out = head_out(weights, z[:, :, heads.index(head)], head, factor)
            reference = self._reference_out(base + head, reads)
            self._store(base + head, out - self._cut(reference, reads), layer)
        return len(heads)

    def _places(self, reads: Tensor | None) -> Places:
        return places(self.engine.clean().embedding, self.first if reads is None else reads, self.engine.grid)

    def _ports(self, layer: int, kind: str, heads: list[int], reads: Tensor | None) -> Tensor:
        """q, k or v of some heads, turned: q at its rows, k and v at every position. [batch, rows, heads,
        head_width]"""
        graph, shape, adapter = self.graph, self.shape, self.adapter
        weights = adapter.attention[layer]
        shared = kind != "q" and graph.kv_heads != graph.heads
        readers = [Reader(kind, layer, head, shared) for head in heads]  # type: ignore[arg-type]
        numbers = [graph.reader_index(reader) for reader in readers]
        x = self._reference_stream(readers[0], reads) + self._sum(numbers, reads)
        normed = adapter.attention_norm(layer, x)  # [ports, batch, rows, width]
        first_head = {"q": 0, "k": shape.heads, "v": shape.heads + shape.kv_heads}[kind]
        index = torch.tensor(heads, device=adapter.device) + first_head
        w = weights.w_qkv.reshape(-1, shape.head_width, shape.width)[index]
        projected = normed.flatten(1, 2) @ w.transpose(1, 2)
        if weights.b_qkv is not None:
            projected = projected + weights.b_qkv.reshape(-1, 1, shape.head_width)[index]
        ports = projected.unflatten(1, normed.shape[1:3]).permute(1, 2, 0, 3)  # type: ignore[no-untyped-call]
        if kind != "v":
            prepare = adapter.query if kind == "q" else adapter.key
            ports = prepare(layer, ports, self._places(reads), heads)
        if kind == "q" or self.first == 0:
            return ports  # type: ignore[no-any-return]
        assert self.b is not None  # rows below the first difference are those of B
        below = (self.b.k if kind == "k" else self.b.v)[layer][:, : self.first][:, :, heads]
        return torch.cat([below, ports], dim=1)

    def _mlp(self, layer: int) -> int:
        number = 1 + layer * (self.graph.heads + 1) + self.graph.heads
        if not self.needed[number]:
            return 0
        adapter = self.adapter
        reads = self._at_reads(layer)
        reader = Reader("mlp", layer)
        x = self._reference_stream(reader, reads) + self._sum([self.graph.reader_index(reader)], reads)[0]
        out = adapter.mlp(layer, adapter.mlp_norm(layer, x))
        self._store(number, out - self._cut(self._reference_out(number, reads), reads), layer)
        return 1

    # ---- differences ----

    def _at_reads(self, layer: int) -> Tensor | None:
        return self.reads if layer == self.shape.layers - 1 else None

    def _store(self, number: int, difference: Tensor, layer: int) -> None:
        row = self.row_of[number]
        if self._at_reads(layer) is not None and number > 0:
            assert self.at_reads is not None
            self.at_reads[row] = difference
        else:
            self.differences[row] = difference

    def _gather_reads(self) -> None:
        """What earlier layers wrote, at the positions that the output reads."""
        assert self.reads is not None
        assert self.at_reads is not None
        for row in range(len(self.differences)):
            self.at_reads[row] = take(_pad(self.differences[row], self.first), self.reads)

    def _sum(self, readers: list[int], reads: Tensor | None) -> Tensor:
        """Sums of the differences that readers keep: [readers, batch, rows, width]."""
        source = self.differences if reads is None else self.at_reads
        assert source is not None
        rows = sorted({self.row_of[writer] for reader in readers for writer in self.kept.get(reader, ())})
        keep = torch.zeros(len(readers), len(rows), dtype=self.adapter.dtype)
        column = {row: position for position, row in enumerate(rows)}
        for position, reader in enumerate(readers):
            for writer in self.kept.get(reader, ()):
                keep[position, column[self.row_of[writer]]] = 1.0
        chosen = source if len(rows) == len(source) else source[rows]
        summed = keep.to(source.device) @ chosen.reshape(len(rows), source.shape[1:].numel())
        return summed.reshape(len(readers), *source.shape[1:])

    # ---- references ----

    def _reference_out(self, number: int, reads: Tensor | None = None) -> Tensor:
        node = self.graph.writers[number]
        if self.b is not None:
            return self.b.out(self.adapter, node)
        if self.replacement == "mean":
            mean = self.engine.references.mean_value(node)
            return mean if reads is None else take(mean, reads)
        return torch.zeros(1, 1, self.shape.width, dtype=self.adapter.dtype, device=self.adapter.device)

    def _cut(self, x: Tensor, reads: Tensor | None) -> Tensor:
        return x if reads is not None or x.shape[1] == 1 else x[:, self.first :]

    def _reference_full(self, reader: Reader) -> Tensor:
        if self.b is not None:
            return stream_before(self.b, reader, self.shape.parallel)
        if self.replacement == "mean":
            return self.engine.references.mean_stream(reader)
        return self.engine.references.bias_before(reader)[None, None]

    def _reference_stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        """The reference stream before a reader, at its rows; broadcastable."""
        x = self._reference_full(reader)
        if x.shape[1] == 1 and self.engine.length > 1 and self.b is None:
            return x
        if reads is not None:
            return take(x, reads) if x.shape[1] == self.engine.length else x
        return x[:, self.first :]


def _pad(x: Tensor, rows: int) -> Tensor:
    return torch.nn.functional.pad(x, (0, 0, rows, 0)) if rows else x
