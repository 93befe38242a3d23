"""What a circuit run puts in place of what it drops: the streams and writers of B, of the mean, or nothing.

Shapes broadcast over circuits: streams and outputs are [batch or 1, rows or 1, width].
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from core.engine.engine import Engine
from core.engine.state import RunState, stream_before, take
from core.errors import EditError
from core.graph import Reader


class Reference:
    """The references of one replacement, from row `first` on or at the positions that the output reads. full: of runs
    over all positions, also in the last layer."""

    def __init__(self, engine: Engine, replacement: str, first: int, full: bool = False) -> None:
        self._engine = engine
        self._adapter = engine.adapter
        self._replacement = replacement
        self._first = first
        self._full = full

    @cached_property
    def run(self) -> RunState:
        """The run over B, for `patch`."""
        state = self._engine.counterfactual(self._full)
        if state is None:
            raise EditError("A patch takes its value from B, and there is no B.", "Give a counterfactual input.")
        return state

    def stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        """The reference stream before a reader, at its rows."""
        return self._rows(self.whole_stream(reader), reads)

    def whole_stream(self, reader: Reader) -> Tensor:
        if self._replacement == "patch":
            return stream_before(self.run, reader, self._adapter.shape.parallel)
        if self._replacement == "mean":
            return self._engine.references.mean_stream(reader)
        return self._engine.references.bias_before(reader)[None, None]

    def z(self, layer: int, heads: list[int], reads: Tensor | None) -> Tensor | None:
        """What heads mixed in B: [batch, rows, heads, head_width]. None where their outputs must be compared instead:
        a joint scale is another one in every run, and a mean is one of outputs."""
        if self._replacement != "patch" or self._adapter.attention[layer].joint_scale is not None:
            return None
        z = self.run.z[layer] if reads is not None else self.run.z[layer][:, self._first :]
        return z if len(heads) == z.shape[2] else z[:, :, heads]

    def out(self, number: int, reads: Tensor | None) -> Tensor:
        """What a writer writes in the reference; whole where reads is None."""
        node = self._engine.graph.writers[number]
        if self._replacement == "patch":
            return self.run.out(self._adapter, node)
        if self._replacement == "mean":
            mean = self._engine.references.mean_value(node)
            return mean if reads is None else take(mean, reads)
        return torch.zeros(1, 1, self._adapter.shape.width, dtype=self._adapter.dtype, device=self._adapter.device)

    def outs(self, numbers: list[int], reads: Tensor | None) -> Tensor:
        """What writers of one layer write at its rows: [writers, ...]."""
        return torch.stack([self._rows(self.out(number, reads), reads) for number in numbers])

    def _rows(self, x: Tensor, reads: Tensor | None) -> Tensor:
        if x.shape[1] == 1:
            return x
        if reads is None:
            return x[:, self._first :]
        return take(x, reads) if x.shape[1] == self._engine.length else x
