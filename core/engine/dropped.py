"""Gradients with nothing passed back through what one layer adds, of each layer in turn (GradDrop; Kramar et al. 2024,
"AtP*: An efficient and scalable method for localizing LLM behaviour to components").

Steps:
1. A forward pass keeps the stream before each layer.
2. From the last layer to the first: each is made a second time, with a graph of its own, and passed back through once
   for every gradient that comes to it: that with nothing dropped, and that of every dropped layer above.
3. Where the layer itself is dropped, what leaves it is what has come to it, as the stream goes on beside what it adds.
   That is one gradient more for the layers below.

So no graph of the whole run is kept, nor the gradients of more than one layer, and a pass back begins where it differs
from the others: half of the work of a whole one for each dropped layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.gradients import ReaderGradients
from core.models.streamed import saved_by_layer


@dataclass(frozen=True)
class LayerGradients:
    """Gradients at one layer, the first with nothing dropped, the others each without a layer above it, from the next
    one on. mixed: at what its heads mix, [passes, batch, position, heads, head_width]; values: the same at its values;
    mlp: at what its MLP reads, [passes, batch, position, width]."""

    mixed: Tensor
    values: Tensor
    mlp: Tensor


class DroppedGradients(ReaderGradients):
    """Those at the output are there at once, those of a layer when it is its turn: `back`, layer by layer."""

    of_attention = ("z", "v")

    def _run(self, metric: Callable[[Tensor], Tensor], reads: Tensor | None) -> None:
        self._before, x = self._streams()
        with torch.enable_grad():
            self._passed = [self._from_output(x, metric, reads)]

    def back(self) -> LayerGradients:
        """Of the layer below the one that was asked for last; at first of the last one."""
        layer = len(self._before) - 1
        x = self._before.pop().detach().requires_grad_()
        with torch.enable_grad(), saved_by_layer(self.adapter):
            made = self._layer(layer, x, again=True)
        wanted = [x, *(self._wanted[name, layer] for name in ("z", "v", "mlp"))]
        self._wanted.clear()
        passed, gradients = [], []
        for number, gradient in enumerate(self._passed):
            again = number + 1 < len(self._passed)
            at_x, *others = torch.autograd.grad(made, wanted, gradient, again, materialize_grads=True)
            passed.append(at_x)
            gradients.append([each[:, self._held] for each in others])
        self._passed = [passed[0], self._passed[0], *passed[1:]]
        return LayerGradients(*(torch.stack(each) for each in zip(*gradients, strict=True)))
