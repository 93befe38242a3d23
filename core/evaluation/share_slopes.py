"""How the metric of a run in which every edge carries a share changes with each share."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.edits import EditKind
from core.engine.circuit_gradients import CircuitGradients
from core.errors import Cancelled
from core.evaluation.cuts import Cancel
from core.progress import at
from core.session import Session


def slopes_of_shares(
    session: Session, of_edges: NDArray[np.float64], replacement: EditKind, cancelled: Cancel = None
) -> tuple[float, NDArray[np.float64]]:
    """The mean metric of a run in which each edge carries a share of its own [edges] and for the rest its replacement,
    and its gradient by each share."""
    graph, total = session.graph, session.pair.batch
    readers = torch.as_tensor(graph.edge_readers, dtype=torch.long, device="cpu")
    writers = torch.as_tensor(graph.edge_writers, dtype=torch.long, device="cpu")
    shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
    shares[readers, writers] = torch.as_tensor(of_edges, dtype=torch.float64, device="cpu")
    metric, slopes = 0.0, np.zeros(graph.n_edges)
    for rows in session.parts or [range(total)]:
        at()
        if cancelled is not None and cancelled():
            raise Cancelled
        part = session.part(rows) if session.parts else session
        run = CircuitGradients(part.engine, shares, replacement, part.reading.slope(len(rows)), cancelled=cancelled)
        metric += float(run.metric.sum()) / total
        slopes += run.by_share.cpu().double()[readers, writers].numpy() / total
    return metric, slopes
