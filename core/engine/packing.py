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
    products, shape = adapter.products, adapter.shape
    layer = shape.layers - 1 - products.layers
    if layer < 0 or is_streamed(adapter):
        return
    attention = adapter.attention[layer]
    if layer == shape.layers - 1 and not reads_all:
        weights = [attention.w_qkv[shape.heads * shape.head_width :]]
    else:
        weights = [attention.w_qkv, attention.w_o, *weights_of_mlp(adapter.mlp_part(layer))]
    weights = [weight for weight in weights if helps(weight)]
    if products.bytes + sum(weight.numel() * weight.element_size() for weight in weights) <= min(room, PACKED_BYTES):
        products.pack(weights)
        products.layers += 1


def weights_of_mlp(mlp: Any) -> list[Tensor]:
    """The weights [out, in] of its linear maps, those of a mixture left out."""
    maps = [part for part in mlp.modules() if isinstance(part, nn.Linear) or type(part).__name__ == "Conv1D"]
    if len(maps) > MOST_MAPS:
        return []
    return [part.weight if isinstance(part, nn.Linear) else part.weight.T for part in maps]
