"""Gradients of the metric at every reader's input, from one backward pass.

Steps:
1. A forward pass that keeps the projected q, k, v of every layer and the input of every MLP and of the output.
2. One backward pass gives the gradient at each of those. In head space it is small: [batch, position, head,
   head_width].
3. Layer by layer, when asked: through the head's rows of w_qkv and the norm to the stream, [ports, batch, position,
   width].

The gradient at an edge's input is the gradient at its reader; the gradient at a node is the sum over its outgoing
edges.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.attention import attend, project, split_qkv, visible
from core.models.adapter import Adapter


class ReaderGradients:
    """Gradients of sum(metric) over a batch of runs that start from given embeddings.

    embedding: [batch, position, width]. reads: [batch, n] or None, the positions that the output reads. metric:
    answers [batch, answers] to [batch].
    """

    def __init__(
        self, adapter: Adapter, embedding: Tensor, reads: Tensor | None, metric: Callable[[Tensor], Tensor]
    ) -> None:
        self.adapter = adapter
        shape = adapter.shape
        length = embedding.shape[1]
        self._streams: list[Tensor] = []
        wanted: list[Tensor] = []
        with torch.enable_grad():
            stream = embedding.detach().requires_grad_()
            for layer in range(shape.layers):
                weights = adapter.attention[layer]
                mask = visible(shape, weights.window, 0, length, stream.device)
                q, k, v = (
                    part.clone() for part in split_qkv(shape, project(weights, adapter.attention_norm(layer, stream)))
                )
                z = attend(shape, weights, adapter.turn(layer, q, 0), adapter.turn(layer, k, 0), v, mask)
                after = stream + F.linear(z.flatten(2), weights.w_o, weights.b_o)
                mlp_in = (stream if shape.parallel else after).clone()  # its gradient is that of the MLP alone
                self._streams.append(stream.detach())
                wanted += [q, k, v, mlp_in]
                stream = after + adapter.mlp(layer, adapter.mlp_norm(layer, mlp_in))
            final = stream.clone()
            wanted.append(final)
            at_reads = final if reads is None else final.gather(1, reads[:, :, None].expand(-1, -1, shape.width))
            output = adapter.read(at_reads)
            self.metric = metric(output[:, -1] if output.ndim == 3 else output)
            self._gradients = torch.autograd.grad(self.metric.sum(), wanted)

    def layer(self, layer: int) -> Tensor:
        """Gradients at the readers of a layer, in their order (q, k, v, MLP): [readers, batch, position, width]."""
        adapter = self.adapter
        shape = adapter.shape
        dq, dk, dv, d_mlp = self._gradients[4 * layer : 4 * layer + 4]
        by_port = torch.cat([dq, dk, dv], dim=2).permute(2, 0, 1, 3)  # [ports, batch, position, head_width]
        w = adapter.attention[layer].w_qkv.reshape(-1, shape.head_width, shape.width)
        at_norm = (by_port.flatten(1, 2) @ w).reshape(*by_port.shape[:3], shape.width)
        with torch.enable_grad():
            x = self._streams[layer].expand_as(at_norm).detach().requires_grad_()
            (at_stream,) = torch.autograd.grad(adapter.attention_norm(layer, x), x, at_norm)
        return torch.cat([at_stream, d_mlp[None]])

    def logits(self) -> Tensor:
        """Gradient at the `logits` reader: [1, batch, position, width]."""
        return self._gradients[-1][None]
