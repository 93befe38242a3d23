"""What a circuit run puts in place of what it drops: the streams and writers of B, of the mean, or nothing.

Shapes broadcast over circuits: streams and outputs are [batch or 1, rows or 1, width].
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import neighbours
from core.engine.replacement import ablation
from core.engine.rows import Held, Rows
from core.engine.state import RunState
from core.graph import Node, Reader


class Reference:
    """The references of one replacement. full: of runs over all positions, also in the last layer."""

    def __init__(self, engine: Engine, replacement: str, full: bool = False) -> None:
        self._engine = engine
        self._adapter = engine.adapter
        self._ablation = ablation(replacement)
        self._full = full

    @property
    def run(self) -> RunState:
        """The one run that the references are of."""
        return self._ablation.run(self._engine.references, self._full)

    @property
    def one_run(self) -> bool:
        """Whether all references are of one run."""
        return self._ablation.one_run

    def port(self, layer: int, kind: str, heads: list[int], rows: Rows) -> Tensor:
        """What ports of one kind made in that run, as attention uses it: [batch, rows, heads, head_width]."""
        ports = {"q": self.run.q, "k": self.run.k, "v": self.run.v}[kind][layer]
        some = ports if len(heads) == ports.shape[2] else ports[:, :, neighbours(heads)]
        return Held(some, self.run.rows_of(Node("head", layer)) if kind == "q" else Rows(self.run.length)).at(rows)

    def stream(self, reader: Reader, rows: Rows) -> Tensor:
        """The reference stream before a reader, at some rows."""
        return Held(self.whole_stream(reader), self._rows_before(reader)).at(rows)

    def whole_stream(self, reader: Reader) -> Tensor:
        return self._ablation.before(self._engine.references, reader, self._full)

    def z(self, layer: int, heads: list[int], rows: Rows) -> Tensor | None:
        """What heads mixed in the reference run: [batch, rows, heads, head_width]. None where their outputs must be
        compared instead: a joint scale is another one in every run, and a mean is one of outputs."""
        if not self._ablation.one_run or self._adapter.attention[layer].joint_scale is not None:
            return None
        z = Held(self.run.z[layer], self.run.rows_of(Node("head", layer))).at(rows)
        return z if len(heads) == z.shape[2] else z[:, :, heads]

    def out(self, number: int) -> Tensor:
        """What a writer writes in the reference."""
        return self._ablation.out(self._engine.references, self._engine.graph.writers[number], self._full)

    def out_at(self, number: int, rows: Rows) -> Tensor:
        """The same at some rows; one row where it is the same at all."""
        return Held(self.out(number), self._rows_of(self._engine.graph.writers[number])).at(rows)

    def outs(self, numbers: list[int], rows: Rows) -> Tensor:
        """What some writers write: [writers, ...]."""
        return torch.stack([self.out_at(number, rows) for number in numbers])

    # Where values are of one run, they stand where that run has them; else they cover the stream.

    def _rows_of(self, node: Node) -> Rows:
        return self.run.rows_of(node) if self._ablation.one_run else Rows(self._engine.length)

    def _rows_before(self, reader: Reader) -> Rows:
        if not self._ablation.one_run:
            return Rows(self._engine.length)
        return self.run.rows_before(reader, self._engine.graph.parallel)
