"""The gradient of the metric at what each node writes, from gradients at the readers.

A node's output is read by all later readers, so its gradient is the sum of theirs. Steps: from `logits` back, layer by
layer, add up what has been passed; the MLP of a layer is read before the layer's own readers are added, a head by them
and (where the block is not parallel) by the layer's MLP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core import progress
from core.engine.gradients import EVERYTHING, Part, ReaderGradients
from core.graph import Graph, Node
from core.precision import widened


@dataclass(frozen=True)
class LayerGradients:
    """Gradients at a layer; the one after the last is that of `logits`, which writes nothing.

    readers: at its readers, [readers, batch, rows, width]. mlp, heads: at what its MLP and what each of its heads
    writes. before: at what is written before the layer. All three [batch, rows, width].
    """

    layer: int
    readers: Tensor
    mlp: Tensor
    heads: Tensor
    before: Tensor

    def at(self, node: Node) -> Tensor:
        """At what a node of this layer writes; at `input`, of the first layer."""
        return self.before if node.kind == "input" else self.mlp if node.kind == "mlp" else self.heads


def from_the_last(
    graph: Graph, gradients: Sequence[ReaderGradients], check: Callable[[], None] = lambda: None
) -> Iterator[LayerGradients]:
    """The means over some runs: of `logits`, then of every layer from the last to the first. check: called before each;
    it may raise."""
    check()
    readers = mean_gradient(gradients, graph.layers)
    before = readers[0]
    yield LayerGradients(graph.layers, readers, torch.zeros_like(before), torch.zeros_like(before), before)
    for layer in reversed(range(graph.layers)):
        check()
        progress.at(1 - (layer + 1) / (graph.layers + 1))
        readers = mean_gradient(gradients, layer)
        mlp = before
        heads = mlp if graph.parallel else mlp + readers[-1]
        before = mlp + readers.sum(dim=0)
        yield LayerGradients(layer, readers, mlp, heads, before)


def mean_gradient(gradients: Sequence[ReaderGradients], layer: int, part: Part = EVERYTHING) -> Tensor:
    """The mean over some runs of the gradients at a layer's readers, in fp32 of a model in half precision: [readers,
    batch, rows, width]. part: of the batch and the rows."""
    total = widened(gradients[0].readers(layer, part))
    if len(gradients) == 1:
        return total
    for each in gradients[1:]:
        total = total + each.readers(layer, part)
    return total / len(gradients)
