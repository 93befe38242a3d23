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
from torch import Tensor

from core.engine.attention import attend, project, score_mask, split_qkv, write_heads
from core.engine.state import places
from core.models.adapter import Adapter


class ReaderGradients:
    """Gradients of sum(metric) over a batch of runs that start from given embeddings.

    embedding: [batch, position, width]. reads: [batch, n] or None, the positions that the output reads. metric:
    answers [batch, answers] to [batch]. grid: rows and columns of an image's patches.
    """

    def __init__(
        self,
        adapter: Adapter,
        embedding: Tensor,
        reads: Tensor | None,
        metric: Callable[[Tensor], Tensor],
        grid: tuple[int, int] | None,
    ) -> None:
        self.adapter = adapter
        shape = adapter.shape
        everywhere = places(embedding, 0, grid)
        self._streams: list[Tensor] = []
        wanted: list[Tensor] = []
        with torch.enable_grad():
            stream = embedding.detach().requires_grad_()
            for layer in range(shape.layers):
                weights = adapter.attention[layer]
                q, k, v = (
                    part.clone() for part in split_qkv(shape, project(weights, adapter.attention_norm(layer, stream)))
                )
                mask = score_mask(adapter, layer, everywhere)
                z = attend(weights, adapter.query(layer, q, everywhere), adapter.key(layer, k, everywhere), v, mask)
                after = stream + write_heads(weights, z)[0]
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
