"""What a run with one edit needs at least: its share of the multiplications of the model's own forward, and of the
weights that a forward fetches from memory. Counted, not measured.

A run of one edge computes its port at the rows that change, what its head mixes and writes, then every later layer at
these rows, of the last layer keys and values alone; its other parts at the positions that the output reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import wirescope as ws
from core.engine.packing import weights_of_mlp
from core.graph import Edge


@dataclass(frozen=True)
class Work:
    """Multiplications, and numbers of weights."""

    multiplications: float = 0
    weights: float = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.multiplications + other.multiplications, self.weights + other.weights)


class Arithmetic:
    """Of one session's model and input."""

    def __init__(self, session: ws.Session) -> None:
        adapter, engine = session.model.adapter, session.engine
        shape = adapter.shape
        self.layers = shape.layers
        self._length = engine.length
        self._reads = engine.length if engine.reads is None else engine.reads.shape[1]
        self._rows = engine.length - engine.first_patched_row
        self._heads, self._port = shape.heads, shape.head_width * shape.width
        self._kv = 2 * shape.kv_heads * self._port
        self._width = shape.width
        self._mixes = 2 * shape.head_width / (2 if shape.causal else 1)  # scores and values, of a query and a key
        self._mlp_first = sum(w.numel() for w in weights_of_mlp(adapter.mlp_part(0)) if w.shape[1] == shape.width)
        self._mlp = sum(p.numel() for p in adapter.mlp_part(shape.layers - 1).parameters() if p.ndim > 1)
        self._head = (adapter.vocabulary or 0) * shape.width
        whole = self._attention(self._length, self._length) + self._product(self._mlp, self._length)
        end = self._attention(self._length, self._length) + self._product(self._mlp, self._length)
        self.forward = self._times(whole, self.layers - 1) + end + self._product(self._head, self._reads)

    @staticmethod
    def _times(work: Work, count: int) -> Work:
        return Work(work.multiplications * count, work.weights * count)

    @staticmethod
    def _product(weights: float, rows: float) -> Work:
        return Work(weights * rows, weights)

    def _attention(self, rows: int, queries: int) -> Work:
        mixed = Work(queries * self._length * self._mixes * self._heads)
        return mixed + self._product(self._kv, rows) + self._product(2 * self._heads * self._port, queries)

    def toggled(self, edge: Edge) -> Work:
        """A run that differs from the clean one by an edit of an edge."""
        reader, last = edge.reader, self.layers - 1
        if reader.kind == "logits":
            return Work()
        rows = self._reads if reader.layer == last else self._rows
        work = self._product(self._mlp, rows)
        if reader.kind != "mlp":
            work += self._product(2 * self._port, rows) + Work(rows * self._length * self._mixes)
        if reader.layer < last:
            between = self._attention(self._rows, self._rows) + self._product(self._mlp, self._rows)
            end = self._attention(self._rows, self._reads) + self._product(self._mlp, self._reads)
            work += self._times(between, last - 1 - reader.layer) + end
        return work

    def scanned(self, edge: Edge) -> Work:
        """The same in a scan. No keys and values of the last layer are made (`core.engine.few_queries`), and of a
        head's edge the first MLP behind it takes a product of head_width for one of the whole width
        (`core.engine.first_mlp`)."""
        work, reader = self.toggled(edge), edge.reader
        if reader.kind == "logits" or reader.layer == self.layers - 1:
            return work
        few = self._reads * self._heads * (self._rows + self._port // self._width) * 2 * self._width
        saved = max(0, self._kv * self._rows - few)
        if reader.kind != "mlp":
            saved += self._rows * self._mlp_first * (1 - self._port / self._width**2)
        return work + Work(-saved)

    def share(self, edge: Edge, in_scan: bool = False) -> tuple[float, float]:
        """Of the forward's multiplications and of its weights."""
        work = self.scanned(edge) if in_scan else self.toggled(edge)
        return work.multiplications / self.forward.multiplications, work.weights / self.forward.weights
