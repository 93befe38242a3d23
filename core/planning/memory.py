"""How many bytes work holds at once, from the sizes of a model alone."""

from __future__ import annotations

from core.engine.batched_edits import POSITIONS
from core.engine.gradients import GRAPH_BYTES
from core.engine.packing import PACKED_BYTES
from core.engine.sizes import gradient_bytes, own_bytes, state_bytes
from core.models.adapter import Adapter
from core.session_parts import WHOLE
from core.tracing.attribution import BLOCK_BYTES
from core.tracing.methods.eap_ig import HELD_BYTES


def weight_bytes(adapter: Adapter) -> int:
    """Of the model itself, each tensor once."""
    return sum(weight.nbytes for weight in adapter.module.parameters())


def joined_bytes(adapter: Adapter) -> int:
    """Of the projections of q, k and v that are put together for a session, where the model has them apart."""
    total = 0
    for block, attention in zip(adapter.blocks, adapter.attention, strict=True):
        there = {tuple(weight.shape) for weight in block.parameters()} | {
            tuple(w.shape[::-1]) for w in block.parameters()
        }
        if tuple(attention.w_qkv.shape) not in there:
            total += attention.w_qkv.nbytes
    return total


def session_bytes(adapter: Adapter, length: int, reads: int) -> int:
    """Of a session that is opened on a pair: the runs over A and B, and the model's own pass beside them."""
    return joined_bytes(adapter) + unedited_bytes(adapter, length, reads) + own_bytes(adapter, length)


def unedited_bytes(adapter: Adapter, positions: int, reads: int) -> int:
    """The runs over A and B, which are kept slim where they are many gigabytes."""
    run = state_bytes(adapter, positions, reads, 1)
    return 2 * (run if 3 * run <= WHOLE else state_bytes(adapter, positions, reads, 1, slim=True))


def edit_bytes(adapter: Adapter, length: int, reads: int, memory: int) -> int:
    """Of a session after some edits: with one run more, and weights that are packed for the next ones. Other runs are
    kept as long as the budget lets them be. memory: that budget."""
    runs = unedited_bytes(adapter, length, reads) + state_bytes(adapter, length, reads, 1)
    weights: int = sum(weight.nbytes for block in adapter.blocks for weight in block.parameters())
    return joined_bytes(adapter) + runs + min(weights, PACKED_BYTES, memory // 2)


def trace_bytes(adapter: Adapter, positions: int, reads: int, held: int) -> int:
    """Of a trace by gradients, of so many positions together: the runs over A and B, the graph of a gradient run (of a
    long prompt that of a layer), the gradients of as many as are held at once, and what nodes write in A less what they
    write in B."""
    graph, kept = gradient_bytes(adapter, positions)
    if graph > GRAPH_BYTES:
        graph, held = graph // adapter.shape.layers, max(1, min(held, HELD_BYTES // kept))
    differences: int = adapter.graph.n_writers * positions * adapter.shape.width * adapter.dtype.itemsize
    graph_and_gradients: int = graph + held * kept
    return unedited_bytes(adapter, positions, reads) + graph_and_gradients + min(differences, BLOCK_BYTES)


def scan_bytes(adapter: Adapter, length: int, reads: int, memory: int) -> int:
    """Of a scan: the runs over A and B, and a batch of edits as large as the budget and its own limit let it be."""
    runs = unedited_bytes(adapter, length, reads)
    together = max(1, POSITIONS // length)
    return joined_bytes(adapter) + min(runs + together * state_bytes(adapter, length, reads, 1), max(memory, runs))
