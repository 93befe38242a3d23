"""How the metric of a run in which every edge carries a share changes with each share."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import EditKind
from core.engine.circuit_gradients import CircuitGradients
from core.errors import Cancelled
from core.evaluation.cuts import Cancel
from core.metrics import BoundMetric
from core.progress import at
from core.session import Session
from core.towers.session import TowersSession
from core.towers.similarity import of_pictures, of_sentences


def slopes_of_shares(
    session: Session, of_edges: NDArray[np.float64], replacement: EditKind, cancelled: Cancel = None
) -> tuple[float, NDArray[np.float64]]:
    """The mean metric of a run in which each edge carries a share of its own [edges] and for the rest its replacement,
    and its gradient by each share."""
    if isinstance(session, TowersSession):
        return _of_towers(session, of_edges, replacement, cancelled)
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


def _of_towers(
    session: TowersSession, of_edges: NDArray[np.float64], replacement: EditKind, cancelled: Cancel
) -> tuple[float, NDArray[np.float64]]:
    """The same of two towers: each tower's slopes while the other gives what it gives at these shares."""
    model, towers = session.model, session.graph.towers
    image, text = copy(session.image), copy(session.text)
    of_image, of_text = (of_edges[tower.edges] for tower in towers)
    text.metric, sentences = _kept(text.metric)
    slopes_of_shares(text, of_text, replacement, cancelled)
    image.metric, pictures = _kept(of_pictures(session.metric, model, model.vectors(sentences[-1])))
    slopes = np.zeros(session.graph.n_edges)
    metric, slopes[towers[0].edges] = slopes_of_shares(image, of_image, replacement, cancelled)
    text.metric = of_sentences(session.metric, model, pictures[-1])
    slopes[towers[1].edges] = slopes_of_shares(text, of_text, replacement, cancelled)[1]
    return metric, slopes


def _kept(metric: BoundMetric) -> tuple[BoundMetric, list[Tensor]]:
    """A metric that keeps what it has read."""
    seen: list[Tensor] = []

    def read(embedded: Tensor) -> Tensor:
        seen.append(embedded.detach())
        return metric.read(embedded)

    return replace(metric, read=read), seen
