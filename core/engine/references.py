"""What edits put in place of a node's output: its value in B, or its mean over the clean inputs.

Runs over B and over all positions of A are made when first needed and kept. The mean of a node is taken
position by position over the batch (padding left out), or, with one pair or on request, over all positions.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from core.engine.state import RunState, stream_before
from core.errors import EditError
from core.graph import Node, Reader
from core.models.adapter import Adapter


class Runs(Protocol):
    """Where reference runs come from: the engine."""

    def clean(self, full: bool) -> RunState: ...

    def counterfactual(self, full: bool) -> RunState | None: ...


class References:
    """Replacement values for one pair.

    lengths: how many positions of each row are real, or None where all are.
    mean_over_positions: one mean for all positions instead of one a position.
    """

    def __init__(self, adapter: Adapter, runs: Runs, lengths: Tensor | None, mean_over_positions: bool) -> None:
        self._adapter = adapter
        self._runs = runs
        self._lengths = lengths
        self._over_positions = mean_over_positions
        self._means: dict[str, Tensor] = {}
        self._biases: dict[int, Tensor] = {}

    def patch_value(self, node: Node, reads: Tensor | None) -> Tensor:
        """What a node writes in B: [batch, position or n, width]. Raises EditError without a B."""
        return self._b(reads).out(self._adapter, node)

    def patch_stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        """The stream before a reader in B."""
        return stream_before(self._b(reads), reader, self._adapter.shape.parallel)

    def _b(self, reads: Tensor | None) -> RunState:
        state = self._runs.counterfactual(full=reads is None)
        if state is None:
            raise EditError(
                "There is no counterfactual input to patch from.",
                "Give an input B, or use the edit zero or mean.",
            )
        return state

    def mean_value(self, node: Node) -> Tensor:
        """The mean of what a node writes: [1, position or 1, width]."""
        if node.name not in self._means:
            self._means[node.name] = self._mean(self._runs.clean(full=True).out(self._adapter, node))
        return self._means[node.name]

    def mean_stream(self, reader: Reader) -> Tensor:
        """The mean of the stream before a reader: [1, position or 1, width]."""
        key = f"->{reader.kind}{reader.layer}"
        if key not in self._means:
            stream = stream_before(self._runs.clean(full=True), reader, self._adapter.shape.parallel)
            self._means[key] = self._mean(stream)
        return self._means[key]

    def _mean(self, x: Tensor) -> Tensor:
        dims = (0, 1) if self._over_positions else (0,)
        if self._lengths is None:
            return x.mean(dim=dims, keepdim=True)
        real = torch.arange(x.shape[1], device=x.device) < self._lengths[:, None]
        counts = real[:, :, None].sum(dim=dims, keepdim=True).clamp(min=1)
        return torch.where(real[:, :, None], x, 0).sum(dim=dims, keepdim=True) / counts

    def bias_before(self, reader: Reader) -> Tensor:
        """The sum of all b_O that the stream holds before a reader: [width]."""
        shape = self._adapter.shape
        layers = shape.layers if reader.kind == "logits" else reader.layer
        if reader.kind == "mlp" and not shape.parallel:
            layers += 1
        if layers not in self._biases:
            total = torch.zeros(shape.width, dtype=self._adapter.dtype, device=self._adapter.device)
            for weights in self._adapter.attention[:layers]:
                if weights.b_o is not None:
                    total = total + weights.b_o
            self._biases[layers] = total
        return self._biases[layers]
