"""How many multiplications a run takes, and how many numbers of weights it fetches, from the sizes of a model alone.

A run of one edge computes its port at the rows that change, what its head mixes and writes, then every later layer at
these rows, of the last layer keys and values alone; its other parts at the positions that the output reads. That is
what such a run needs at least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from core.engine.packing import weights_of_mlp
from core.engine.sizes import mlp_weights
from core.graph import Reader
from core.models.adapter import Adapter


@dataclass(frozen=True)
class Work:
    """Multiplications, and numbers of weights."""

    multiplications: float = 0.0
    weights: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.multiplications + other.multiplications, self.weights + other.weights)

    def times(self, count: float) -> Work:
        """So many such runs."""
        return Work(self.multiplications * count, self.weights * count)


class Arithmetic:
    """Of one input of a model.

    length: its positions. reads: at how many of them the output is made; None: at all. rows: how many differ between A
    and B, the last ones; None: all. output: whether the output's own products count."""

    def __init__(
        self, adapter: Adapter, length: int, reads: int | None = 1, rows: int | None = None, output: bool = True
    ) -> None:
        shape = adapter.shape
        self.graph, self.layers = adapter.graph, shape.layers
        self._length = length
        self.reads = length if reads is None else reads
        self._rows = length if rows is None else rows
        self._heads, self._port = shape.heads, shape.head_width * shape.width
        self._kv = 2 * shape.kv_heads * self._port
        self._width = shape.width
        self._mixes = 2 * shape.head_width / (2 if shape.causal else 1)  # scores and values, of a query and a key
        self._mlp_first = sum(w.numel() for w in weights_of_mlp(adapter.mlp_part(0)) if w.shape[1] == shape.width)
        self._mlp = mlp_weights(adapter, shape.layers - 1)
        self._head = (adapter.vocabulary or 0) * shape.width if output else 0

    @cached_property
    def forward(self) -> Work:
        """The model's own forward, with its output where it is read."""
        return self.layer.times(self.layers) + _product(self._head, self.reads)

    @cached_property
    def layer(self) -> Work:
        """One layer at every position."""
        return self._attention(self._length, self._length) + _product(self._mlp, self._length)

    @cached_property
    def of_b(self) -> Work:
        """The run over B, which takes the rows that are A's from that."""
        layer = self._attention(self._rows, self._rows) + _product(self._mlp, self._rows)
        return layer.times(self.layers) + _product(self._head, self.reads)

    @cached_property
    def edge_products(self) -> Work:
        """The product of what each node writes with the gradient of each reader behind it, at the rows that change."""
        return Work(float(self.graph.n_edges) * self._rows * self._width)

    def _attention(self, rows: int, queries: int) -> Work:
        mixed = Work(queries * self._length * self._mixes * self._heads)
        return mixed + _product(self._kv, rows) + _product(2 * self._heads * self._port, queries)

    def toggled(self, reader: Reader) -> Work:
        """A run that differs from the clean one by an edit of an edge into a reader."""
        last = self.layers - 1
        if reader.kind == "logits":
            return Work()
        rows = self.reads if reader.layer == last else self._rows
        work = _product(self._mlp, rows)
        if reader.kind != "mlp":
            work += _product(2 * self._port, rows) + Work(rows * self._length * self._mixes)
        if reader.layer < last:
            between = self._attention(self._rows, self._rows) + _product(self._mlp, self._rows)
            end = self._attention(self._rows, self.reads) + _product(self._mlp, self.reads)
            work += between.times(last - 1 - reader.layer) + end
        return work

    def scanned(self, reader: Reader) -> Work:
        """The same in a scan. No keys and values of the last layer are made (`core.engine.few_queries`), and of a
        head's edge the first MLP behind it takes a product of head_width for one of the whole width
        (`core.engine.first_mlp`)."""
        work = self.toggled(reader)
        if reader.kind == "logits" or reader.layer == self.layers - 1:
            return work
        few = self.reads * self._heads * (self._rows + self._port // self._width) * 2 * self._width
        saved: float = max(0, self._kv * self._rows - few)
        if reader.kind != "mlp":
            saved += self._rows * self._mlp_first * (1 - self._port / self._width**2)
        return work + Work(-saved)

    @cached_property
    def scan(self) -> Work:
        """A scan of every edge."""
        return self._over_edges(self.scanned)

    @cached_property
    def all_cut(self) -> Work:
        """A run for every edge, one after the other."""
        return self._over_edges(self.toggled)

    def _over_edges(self, of_reader: Callable[[Reader], Work]) -> Work:
        """Edges into one reader take the same, and so do the readers of a kind of a layer."""
        total, graph = Work(), self.graph
        kinds = [("q", graph.heads), ("k", graph.kv_heads), ("v", graph.kv_heads), ("mlp", 1)]
        for layer in range(graph.layers):
            for kind, count in kinds:
                reader = Reader(kind, layer, 0)  # type: ignore[arg-type]
                total += of_reader(reader).times(count * graph.writers_before(reader))
        return total


def _product(weights: float, rows: float) -> Work:
    return Work(weights * rows, weights)
