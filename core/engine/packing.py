"""Which of a model's weights are packed (`core.models.products`): as many layers as there is room for, the last first,
as a toggled edge goes through those most often. One layer at each run with edits, so that none of them waits long.
Weights that stay on disk or are in 8 bits are not packed: that would be a copy in memory.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.models.adapter import Adapter
from core.models.products import helps
from core.models.streamed import is_streamed

PACKED_BYTES = 192 * 2**20  # of one model's weights, at most
MOST_MAPS = 3  # linear maps of an MLP; a mixture has more, each of which few rows go through


def pack_next(adapter: Adapter, room: int, reads_all: bool) -> None:
    """Pack the weights of one more layer. room: bytes for all that is packed. reads_all: whether the output reads all
    positions; else the last layer computes keys and values alone at more than one of them."""
    products = adapter.products
    layer = adapter.shape.layers - 1 - products.layers
    if layer < 0 or is_streamed(adapter):
        return
    weights = weights_of_layer(adapter, layer, reads_all)
    if products.bytes + sum(weight.nbytes for weight in weights) <= min(room, PACKED_BYTES):
        products.pack(weights)
        products.layers += 1


def packed_at_most(adapter: Adapter, room: int, reads_all: bool) -> tuple[int, int]:
    """How many of the last layers there is room for, and the bytes of their packed weights: what `pack_next` comes to
    after as many runs. The weights themselves need not be there."""
    total, layers = 0, adapter.shape.layers
    for count in range(0 if is_streamed(adapter) else layers):
        of_layer = sum(weight.nbytes for weight in weights_of_layer(adapter, layers - 1 - count, reads_all))
        if total + of_layer > min(room, PACKED_BYTES):
            return count, total
        total += of_layer
    return (0, 0) if is_streamed(adapter) else (layers, total)


def weights_of_layer(adapter: Adapter, layer: int, reads_all: bool) -> list[Tensor]:
    """Those of a layer [out, in] that are packed: none of one that is too small to be worth it."""
    shape, attention = adapter.shape, adapter.attention[layer]
    if layer == shape.layers - 1 and not reads_all:
        weights = [attention.w_qkv[shape.heads * shape.head_width :]]
    else:
        weights = [attention.w_qkv, attention.w_o, *weights_of_mlp(adapter.mlp_part(layer))]
    return [weight for weight in weights if helps(weight)]


def weights_of_mlp(mlp: Any) -> list[Tensor]:
    """The weights [out, in] of its linear maps, those of a mixture left out."""
    maps = [part for part in mlp.modules() if isinstance(part, nn.Linear) or type(part).__name__ == "Conv1D"]
    if len(maps) > MOST_MAPS:
        return []
    return [part.weight if isinstance(part, nn.Linear) else part.weight.T for part in maps]
