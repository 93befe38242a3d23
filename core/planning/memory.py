"""How many bytes work holds at once, from the sizes of a model alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.engine.batched_edits import edits_together
from core.engine.gradients import GRAPH_BYTES
from core.engine.kept import MOST
from core.engine.packing import packed_at_most, weights_of_mlp
from core.engine.sizes import answers, gradient_bytes, own_bytes, state_bytes
from core.graph import Reader
from core.metric_reading import CHUNK_BYTES
from core.models.adapter import Adapter
from core.models.eight_bit import holds_eight_bits
from core.models.streamed import is_streamed
from core.precision import wide_dtype
from core.session_parts import WHOLE
from core.tracing.attribution import BLOCK_BYTES, EARLY
from core.tracing.methods.eap_ig import HELD_BYTES

LIBRARIES = 2**18  # bytes, about: Python's objects, buffers of products
GRAPHS = 2**19  # bytes, about: what PyTorch and Python hold of gradients beside their tensors


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
    return _always(adapter) + runs


def unedited_bytes(adapter: Adapter, positions: int, reads: int, outputs: int = 1) -> int:
    """The runs over A and B, which are kept slim where they are many gigabytes."""
    return 2 * state_bytes(adapter, positions, reads, outputs, slim=slim(adapter, positions, reads, outputs))


def slim(adapter: Adapter, positions: int, reads: int, outputs: int = 1) -> bool:
    """Whether such runs are kept without what can be made anew."""
    return 3 * state_bytes(adapter, positions, reads, outputs) > WHOLE


def edit_bytes(adapter: Adapter, length: int, reads: int, memory: int) -> int:
    """Of a session after many edges were cut, one after another: the runs that are kept to start others from, each from
    its edge's layer on, and weights that are packed for the next ones. memory: the session's budget."""
    unedited, shape = unedited_bytes(adapter, length, reads), adapter.shape
    readers = adapter.graph.readers
    layers = [shape.layers if reader.kind == "logits" else reader.layer for reader in readers]
    first = int(np.average(layers, weights=np.diff(adapter.graph.first_edge)))
    runs = MOST * state_bytes(adapter, length, reads, 1, first)
    _, of_packed = packed(adapter, length, reads, memory)  # which the runs that are kept have the rest beside
    return _always(adapter) + unedited + min(runs, max(memory - of_packed, 0)) + of_packed


def trace_bytes(
    adapter: Adapter, pairs: int, length: int, rows: int, reads: int, held: int, again: bool = False
) -> int:
    """Of a trace, of so many pairs together: the runs over A and B, and of one by gradients the gradients of as many
    runs as are held at once (0: it takes none), with what is larger: the graph of the last of these, of a long prompt
    that of a layer, or what the products need. rows: of the positions, that differ between the two; the others have no
    gradients, and where they are few are run all the same (`core.tracing.attribution`). again: whether the session has
    A's run before it is made with gradients, by a method that then keeps it."""
    runs = _always(adapter) + unedited_bytes(adapter, pairs * length, pairs * reads, pairs)
    if not held:
        return runs
    early = length - rows <= EARLY * length
    graph, _ = gradient_bytes(adapter, pairs * (length if early else rows))
    _, kept = gradient_bytes(adapter, pairs * rows)
    again = again and early and not slim(adapter, pairs * length, pairs * reads, pairs)
    beside = _made_again(adapter, pairs, length, reads) if again else 0
    if graph > GRAPH_BYTES:
        graph, held = graph // adapter.shape.layers, max(1, min(held, HELD_BYTES // kept))
    products = _product_bytes(adapter, pairs * rows, held > 1)
    total: int = runs + GRAPHS + max(graph + (held - 1) * kept, held * kept + beside + products)
    return total


def _made_again(adapter: Adapter, pairs: int, length: int, reads: int) -> int:
    """Of a run over A, what its gradients do not hold in any case: these hold what heads mix, what layers read and what
    MLPs write."""
    shape, positions = adapter.shape, pairs * length
    held = shape.layers * positions * (shape.heads * shape.head_width + 2 * shape.width) * adapter.dtype.itemsize
    beside: int = max(0, state_bytes(adapter, positions, pairs * reads, pairs) - held)
    return beside


def _product_bytes(adapter: Adapter, rows: int, several: bool) -> int:
    """Of a block of rows (`core.tracing.attribution`): what nodes write in A less what they write in B, and gradients
    at the readers of two layers, while they are made; of several runs those of a run, the sum so far and the next; with
    what a layer's norm and projections come to, twice."""
    graph, width = adapter.graph, adapter.shape.width
    size = wide_dtype(adapter.dtype).itemsize
    of_writers = graph.n_writers * width * size
    block = min(rows, max(1, BLOCK_BYTES // of_writers))
    ports = graph.heads + 2 * graph.kv_heads
    of_readers = (ports + 1) * block * width * size
    weights: int = ports * adapter.shape.head_width * width * size
    return block * of_writers + (3 if several else 2) * of_readers + 2 * weights


def scan_bytes(adapter: Adapter, length: int, rows: int, reads: int, memory: int) -> int:
    """Of a scan: the runs over A and B, packed weights, and a batch of edits (what is behind a layer is let go). rows:
    of the positions, that differ between A and B."""
    together = scanned_together(adapter, length, rows, reads, memory)  # the last layers are of few rows
    numbers = max(
        _attention_numbers(adapter, length, rows) * together[:-2].max(initial=0),
        _mlp_numbers(adapter, length, rows) * together[:-1].max(initial=0),
    )
    most = int(together.max())
    outputs = most * answers(adapter) * adapter.dtype.itemsize  # some are made while those before are still there
    outputs = outputs if outputs <= CHUNK_BYTES else 2 * CHUNK_BYTES
    streams = most * reads * adapter.shape.width * adapter.dtype.itemsize
    _, of_packed = packed(adapter, length, reads, memory)
    held: int = max(int(numbers) * adapter.dtype.itemsize, outputs + streams)
    return _always(adapter) + unedited_bytes(adapter, length, reads) + of_packed + held


def _attention_numbers(adapter: Adapter, length: int, rows: int) -> int:
    """What an edit of a scan holds in a layer's attention. At the rows that change: what its reader reads, the normed
    stream, q, k and v together, what heads mix and write, and the sum; with those before them: the streams, q, k, v and
    what heads mix."""
    shape = adapter.shape
    ports = (shape.heads + 2 * shape.kv_heads) * shape.head_width
    heads = shape.heads * shape.head_width
    numbers: int = rows * (3 * shape.width + ports + heads) + length * (2 * shape.width + ports + heads)
    return numbers


def _mlp_numbers(adapter: Adapter, length: int, rows: int) -> int:
    """And in its MLP: what its first maps make, what its last one reads, and what it adds, with the streams."""
    width, maps = adapter.shape.width, weights_of_mlp(adapter.mlp_part(0))
    widest = max((weight.numel() // width for weight in adapter.blocks[0].parameters()), default=width)
    first = sum(len(weight) for weight in maps if weight.shape[1] == width)
    inner = first + maps[-1].shape[1] if maps else 2 * widest  # of a mixture
    return rows * (3 * width + inner) + length * width


def scanned_together(adapter: Adapter, length: int, rows: int, reads: int, memory: int) -> NDArray[np.int64]:
    """How many edges into each layer a scan measures at once: [layers]."""
    free = max(memory - unedited_bytes(adapter, length, reads), 0)
    _, of_packed = packed(adapter, length, reads, memory)
    graph = adapter.graph
    counts = []
    for layer in range(graph.layers):
        each = state_bytes(adapter, length, reads, 1, layer)
        there = (graph.heads + 2 * graph.kv_heads) * graph.writers_before(Reader("q", layer))
        counts.append(min(there, edits_together(rows, each, free, of_packed)))
    return np.array(counts)


def packed(adapter: Adapter, length: int, reads: int, memory: int) -> tuple[int, int]:
    """How many of the last layers' weights are packed for runs with edits in a session (`core.engine.packing`), and
    their bytes. memory: the session's budget, half of which there is for them beside the runs over A and B."""
    free = max(memory - unedited_bytes(adapter, length, reads), 0)
    return packed_at_most(adapter, free // 2, reads == length)


def _always(adapter: Adapter) -> int:
    """Of any work in a session: the projections that are put together, and what the libraries keep for themselves."""
    return joined_bytes(adapter) + LIBRARIES
