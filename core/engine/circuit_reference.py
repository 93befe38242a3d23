"""What a circuit run puts in place of what it drops: the streams and writers of B, of the mean, or nothing.

Shapes broadcast over circuits: streams and outputs are [batch or 1, rows or 1, width].
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.state import RunState, take
from core.graph import Reader
from core.replacements.table import ablation


class Reference:
    """The references of one replacement, from row `first` on or at the positions that the output reads. full: of runs
    over all positions, also in the last layer."""

    def __init__(self, engine: Engine, replacement: str, first: int, full: bool = False) -> None:
        self._engine = engine
        self._adapter = engine.adapter
        self._ablation = ablation(replacement)
        self._first = first
        self._full = full

    @property
    def run(self) -> RunState:
        """The one run that the references are of."""
        return self._ablation.run(self._engine.references, self._full)

    def stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        """The reference stream before a reader, at its rows."""
        return self._rows(self.whole_stream(reader), reads)

    def whole_stream(self, reader: Reader) -> Tensor:
        return self._ablation.before(self._engine.references, reader, self._full)

    def z(self, layer: int, heads: list[int], reads: Tensor | None) -> Tensor | None:
        """What heads mixed in the reference run: [batch, rows, heads, head_width]. None where their outputs must be
        compared instead: a joint scale is another one in every run, and a mean is one of outputs."""
        if not self._ablation.one_run or self._adapter.attention[layer].joint_scale is not None:
            return None
        z = self.run.z[layer] if reads is not None else self.run.z[layer][:, self._first :]
        return z if len(heads) == z.shape[2] else z[:, :, heads]

    def out(self, number: int) -> Tensor:
        """What a writer writes in the reference."""
        return self._ablation.out(self._engine.references, self._engine.graph.writers[number], self._full)

    def outs(self, numbers: list[int], reads: Tensor | None) -> Tensor:
        """What writers of one layer write at its rows: [writers, ...]."""
        return torch.stack([self._rows(self.out(number), reads) for number in numbers])

    def _rows(self, x: Tensor, reads: Tensor | None) -> Tensor:
        if x.shape[1] == 1:
            return x
        if reads is None:
            return x[:, self._first :]
        return take(x, reads) if x.shape[1] == self._engine.length else x
