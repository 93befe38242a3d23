"""Gradients of the metric at every reader's input, from one backward pass.

Steps:
1. A forward pass that keeps the projected q, k, v of every layer and the input of every MLP and of the output.
2. One backward pass gives the gradient at each of those. In head space it is small: [batch, position, head,
   head_width].
3. Layer by layer, when asked: through the head's rows of w_qkv and the norm to the stream, [ports, batch, position,
   width].

The gradient at an edge's input is the gradient at its reader; the gradient at a node is the sum over its outgoing
edges.

A `Partly` run is one in which every edge carries a share of what it carries, and for the rest its replacement:

    x_r = reference stream at r + share * (stream at r - reference stream at r)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.engine.attention import attend, head_out, project, score_mask, split_qkv, write_heads
from core.engine.state import RunState, places
from core.graph import Node, Reader
from core.models.adapter import Adapter


@dataclass(frozen=True)
class Partly:
    """share: of what every edge carries, 0 to 1. stream: what a reader reads at 0, [batch or 1, position or 1,
    width]."""

    share: float
    stream: Callable[[Reader], Tensor]


class ReaderGradients:
    """Gradients of sum(metric) over a batch of runs that start from given embeddings.

    embedding: [batch, position, width]. reads: [batch, n] or None, the positions that the output reads. metric:
    answers [batch, answers] to [batch]. grid: rows and columns of an image's patches. partly: of the edges.
    below: in a causal model, a run whose rows before `first` are those of this one, so that only the rows from there on
    are computed; every tensor then holds those alone.
    """

    def __init__(
        self,
        adapter: Adapter,
        embedding: Tensor,
        reads: Tensor | None,
        metric: Callable[[Tensor], Tensor],
        grid: tuple[int, int] | None,
        *,
        partly: Partly | None = None,
        below: RunState | None = None,
        first: int = 0,
    ) -> None:
        self.adapter = adapter
        self.first = first
        self._partly = partly
        shape = adapter.shape
        everywhere = places(embedding, first, grid)
        self._norm_in: list[Tensor] = []
        self._z: list[Tensor] = []
        self._factors: list[Tensor | None] = []
        self._mlp_out: list[Tensor] = []
        self._embedding = embedding.detach()[:, first:]
        wanted: list[Tensor] = []
        with torch.enable_grad():
            stream = self._embedding.requires_grad_()
            for layer in range(shape.layers):
                weights = adapter.attention[layer]
                x = self._read(Reader("q", layer), stream)
                q, k, v = (
                    part.clone() for part in split_qkv(shape, project(weights, adapter.attention_norm(layer, x)))
                )
                keys, values = adapter.key(layer, k, everywhere), v
                if below is not None and first > 0:
                    keys = torch.cat([below.k[layer][:, :first], keys], dim=1)
                    values = torch.cat([below.v[layer][:, :first], values], dim=1)
                mask = score_mask(adapter, layer, everywhere)
                z = attend(weights, adapter.query(layer, q, everywhere), keys, values, mask)
                added, factor = write_heads(weights, z)
                after = stream + added
                mlp_in = self._read(Reader("mlp", layer), stream if shape.parallel else after).clone()
                out = adapter.mlp(layer, adapter.mlp_norm(layer, mlp_in))  # its gradient is that of the MLP alone
                self._norm_in.append(x.detach())
                self._z.append(z.detach())
                self._factors.append(None if factor is None else factor.detach())
                self._mlp_out.append(out.detach())
                wanted += [q, k, v, mlp_in]
                stream = after + out
            final = self._read(Reader("logits"), stream).clone()
            wanted.append(final)
            index = None if reads is None else (reads - first)[:, :, None].expand(-1, -1, shape.width)
            output = adapter.read(final if index is None else final.gather(1, index))
            self.metric = metric(output[:, -1] if output.ndim == 3 else output)
            self._gradients = torch.autograd.grad(self.metric.sum(), wanted)
        self.metric = self.metric.detach()
        self._embedding = self._embedding.detach()

    def _read(self, reader: Reader, stream: Tensor) -> Tensor:
        if self._partly is None:
            return stream
        reference = self._partly.stream(reader)
        reference = reference if reference.shape[1] == 1 else reference[:, self.first :]
        return reference + self._partly.share * (stream - reference)

    def layer(self, layer: int) -> Tensor:
        """Gradients at the readers of a layer, in their order (q, k, v, MLP): [readers, batch, position, width]."""
        adapter = self.adapter
        shape = adapter.shape
        dq, dk, dv, d_mlp = self._gradients[4 * layer : 4 * layer + 4]
        by_port = torch.cat([dq, dk, dv], dim=2).permute(2, 0, 1, 3)  # [ports, batch, position, head_width]
        w = adapter.attention[layer].w_qkv.reshape(-1, shape.head_width, shape.width)
        at_norm = (by_port.flatten(1, 2) @ w).reshape(*by_port.shape[:3], shape.width)
        with torch.enable_grad():
            x = self._norm_in[layer].expand_as(at_norm).detach().requires_grad_()
            (at_stream,) = torch.autograd.grad(adapter.attention_norm(layer, x), x, at_norm)
        return torch.cat([at_stream, d_mlp[None]])

    def logits(self) -> Tensor:
        """Gradient at the `logits` reader: [1, batch, position, width]."""
        return self._gradients[-1][None]

    def readers(self, layer: int) -> Tensor:
        """Gradients at the readers of a layer; of the layer after the last, at `logits`."""
        return self.layer(layer) if layer < self.adapter.shape.layers else self.logits()

    def out(self, node: Node) -> Tensor:
        """What a node adds to the stream in this run: [batch, position, width]."""
        if node.kind == "input":
            return self._embedding
        if node.kind == "mlp":
            return self._mlp_out[node.layer]
        weights = self.adapter.attention[node.layer]
        return head_out(weights, self._z[node.layer][:, :, node.head], node.head, self._factors[node.layer])
