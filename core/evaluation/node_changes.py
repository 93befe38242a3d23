"""How much edits change what each node adds to the stream.

The change of a node is relative, over all positions of all rows:

    |out with the edits - out without| / |out without|

0 where nothing changes; 1 where the change is as large as the output itself. Of `logits` it is that of the output where
the metric reads it. A node's own edit does not count: it changes what others read of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import Edit
from core.session import Session

SMALLEST = 1e-12  # the least norm that a change is divided by


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
