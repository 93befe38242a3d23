"""How many bytes work holds at once, from the sizes of a model alone."""

from __future__ import annotations

import numpy as np
import torch

from core.engine.batched_edits import POSITIONS
from core.engine.gradients import GRAPH_BYTES
from core.engine.kept import MOST
from core.engine.packing import PACKED_BYTES
from core.engine.sizes import gradient_bytes, own_bytes, state_bytes
from core.models.adapter import Adapter
from core.models.eight_bit import holds_eight_bits
from core.models.products import FEWEST
from core.models.streamed import is_streamed
from core.session_parts import WHOLE
from core.tracing.attribution import BLOCK_BYTES, EARLY
from core.tracing.methods.eap_ig import HELD_BYTES

LIBRARIES = 2 * 2**20  # bytes, about: buffers of products, what the allocator rounds up
GAPS = 1.5  # of gradients that stay, about: what is freed between them is not all given back


def weight_bytes(adapter: Adapter) -> int:
    """Of the model itself, each tensor once."""
    return sum(weight.nbytes for weight in adapter.module.parameters())


def joined_bytes(adapter: Adapter) -> int:
    """Of the projections of q, k and v that are put together for a session, where the model has them apart. Of weights
    that are made a layer at a time, those of one; of weights in 8 bits also the largest map, which is made when it is
    asked for."""
    total = 0
    if is_streamed(adapter):
        layer = adapter.attention[0]
        largest = max(weight.numel() for weight in adapter.blocks[0].parameters() if weight.ndim == 2)
        made = largest * adapter.dtype.itemsize if holds_eight_bits(adapter.module) else 0
        return int(layer.w_qkv.nbytes + layer.w_o.nbytes + made)
    for block, attention in zip(adapter.blocks, adapter.attention, strict=True):
        there = {tuple(weight.shape) for weight in block.parameters()} | {
            tuple(w.shape[::-1]) for w in block.parameters()
        }
        if tuple(attention.w_qkv.shape) not in there:
            total += attention.w_qkv.nbytes
    return total


def session_bytes(adapter: Adapter, length: int, reads: int) -> int:
    """Of a session that is opened on a pair: the runs over A and B, and the model's own pass beside them."""
    runs = unedited_bytes(adapter, length, reads) + own_bytes(adapter, length)
    return joined_bytes(adapter) + runs + LIBRARIES // 4  # the rest comes with edits and gradients


def unedited_bytes(adapter: Adapter, positions: int, reads: int, outputs: int = 1) -> int:
    """The runs over A and B, which are kept slim where they are many gigabytes."""
    run = state_bytes(adapter, positions, reads, outputs)
    return 2 * (run if 3 * run <= WHOLE else state_bytes(adapter, positions, reads, outputs, slim=True))


def edit_bytes(adapter: Adapter, length: int, reads: int, memory: int) -> int:
    """Of a session after many edges were cut, one after another: the runs that are kept to start others from, each from
    its edge's layer on, and weights that are packed for the next ones. memory: the session's budget."""
    unedited, shape = unedited_bytes(adapter, length, reads), adapter.shape
    readers = adapter.graph.readers
    layers = [shape.layers if reader.kind == "logits" else reader.layer for reader in readers]
    first = int(np.average(layers, weights=np.diff(adapter.graph.first_edge)))
    runs = MOST * state_bytes(adapter, length, reads, 1, first)
    return _always(adapter) + unedited + min(runs, max(memory - unedited, 0)) + packed_bytes(adapter, memory)


def trace_bytes(adapter: Adapter, pairs: int, length: int, rows: int, reads: int, held: int) -> int:
    """Of a trace, of so many pairs together: the runs over A and B, and of one by gradients the graph of a gradient run
    (of a long prompt that of a layer), the gradients of as many as are held at once (0: it takes none), and what nodes
    write in A less what they write in B. rows: of the positions, that differ between the two; the others have no
    gradients, and where they are few are run all the same (`core.tracing.attribution`)."""
    runs = _always(adapter) + unedited_bytes(adapter, pairs * length, pairs * reads, pairs)
    if not held:
        return runs
    graph, _ = gradient_bytes(adapter, pairs * (length if length - rows <= EARLY * length else rows))
    _, kept = gradient_bytes(adapter, pairs * rows)
    if graph > GRAPH_BYTES:
        graph, held = graph // adapter.shape.layers, max(1, min(held, HELD_BYTES // kept))
    differences: int = adapter.graph.n_writers * pairs * rows * adapter.shape.width * adapter.dtype.itemsize
    return runs + graph + int(GAPS * held * kept) + min(differences, BLOCK_BYTES)


def scan_bytes(adapter: Adapter, length: int, rows: int, reads: int, memory: int) -> int:
    """Of a scan: the runs over A and B, packed weights, and of a batch of edits what one layer makes (what is behind it
    is let go), with keys and values at every position. rows: of the positions, that differ between A and B."""
    shape = adapter.shape
    together = max(1, POSITIONS // rows)
    ports = (2 * shape.heads + 2 * shape.kv_heads) * shape.head_width
    widest = max((weight.numel() // shape.width for weight in adapter.blocks[0].parameters()), default=shape.width)
    numbers = together * rows * (3 * shape.width + ports + 2 * widest)
    numbers += 2 * together * length * shape.kv_heads * shape.head_width
    runs = unedited_bytes(adapter, length, reads)
    batch: int = min(numbers * adapter.dtype.itemsize, max(memory - runs, 0))
    return _always(adapter) + runs + packed_bytes(adapter, memory) + batch


def packed_bytes(adapter: Adapter, memory: int) -> int:
    """Of weights that are packed for runs with edits (`core.models.products`). memory: the session's budget."""
    if adapter.dtype != torch.float32 or is_streamed(adapter):
        return 0
    large = (weight for block in adapter.blocks for weight in block.parameters() if weight.numel() >= FEWEST)
    packed: int = sum(weight.nbytes for weight in large)
    return min(packed, PACKED_BYTES, memory // 2)


def _always(adapter: Adapter) -> int:
    """Of any work in a session: the projections that are put together, and what the libraries keep for themselves."""
    return joined_bytes(adapter) + LIBRARIES
