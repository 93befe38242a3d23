"""What an edit reaches, and how much it changes there.

1. A reader that carries an edit, or reads a node that does, is reached; so are the nodes that it feeds. From the first
   of these on, every reader that comes after it reads something that is reached.
2. The change of a node is the relative change of what it adds to the stream, over all positions of all rows:

       |out with the edits - out without| / |out without|

   0 where nothing changes; 1 where the change is as large as the output itself. Of `logits` it is that of the output
   where the metric reads it. A node's own edit does not count: it changes what others read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit
from core.graph import Edge, Graph, Node, Reader
from core.session import Session

SMALLEST = 1e-12  # the least norm that a change is divided by


def downstream(graph: Graph, targets: Iterable[Node | Reader | Edge]) -> NDArray[np.bool_]:
    """The nodes whose input an edit of one of these can change: [nodes], in the order of `graph.nodes`."""
    before = np.array([graph.writers_before(reader) for reader in graph.readers])
    hit = np.zeros(len(before), dtype=bool)
    for target in targets:
        if isinstance(target, Node):
            if target.kind != "logits":
                hit |= before > graph.writer_index(target)
        else:
            hit[graph.reader_index(target.reader if isinstance(target, Edge) else target)] = True
    reached = _fed(graph, hit)
    writers = np.flatnonzero(reached[:-1])
    return _fed(graph, hit | (before > writers[0])) if len(writers) else reached


def _fed(graph: Graph, hit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The nodes that some readers feed; in a coupled model one head of a layer stands for all of them."""
    reached = np.zeros(graph.n_writers + 1, dtype=bool)
    reached[-1] = hit[-1]
    heads, kv_heads = graph.heads, graph.kv_heads
    layers = hit[:-1].reshape(graph.layers, -1)
    shared = layers[:, heads : heads + kv_heads] | layers[:, heads + kv_heads : heads + 2 * kv_heads]
    of_heads = layers[:, :heads] | np.repeat(shared, heads // kv_heads, axis=1)
    if graph.coupled:
        of_heads = np.repeat(of_heads.any(axis=1, keepdims=True), heads, axis=1)
    reached[1:-1] = np.concatenate([of_heads, layers[:, -1:]], axis=1).ravel()
    return reached


def node_changes(
    session: Session, edits: Sequence[Edit], cancelled: Callable[[], bool] | None = None
) -> NDArray[np.float64]:
    """How much some edits change what each node adds to the stream: [nodes], in the order of `graph.nodes`, as a share
    of its output without them. 0 for `input`, which reads nothing. Raises what `Session.run` raises."""
    clean, edited = session.clean, session.run(edits, cancelled=cancelled)
    changes = np.zeros(session.graph.n_writers + 1)
    if not edits:
        return changes
    adapter = session.model.adapter
    with torch.no_grad():
        for number, node in enumerate(session.graph.writers[1:], start=1):
            before, after = clean.state.out(adapter, node), edited.state.out(adapter, node)
            changes[number] = _change(_real(session, before), _real(session, after))
        changes[-1] = _change(clean.answer, edited.answer)
    return changes


def _real(session: Session, out: Tensor) -> Tensor:
    """Without the positions that only fill a shorter row up: [batch, position, width]."""
    engine = session.engine
    lengths = torch.tensor(engine.extent.lengths, device=out.device)
    if out.shape[1] != engine.length or bool((lengths == engine.length).all()):
        return out
    return out * (torch.arange(engine.length, device=out.device) < lengths[:, None])[:, :, None]


def _change(before: Tensor, after: Tensor) -> float:
    return float((after - before).norm()) / max(float(before.norm()), SMALLEST)
