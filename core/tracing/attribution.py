"""Edge attribution patching, and its integrated form.

EAP (Syed et al. 2023, "Attribution Patching Outperforms Automated Circuit Discovery"):
1. Run A; take the gradient of the metric at every reader's input.
2. The estimated effect of editing an edge u -> r is (replacement_u - out_u) . gradient_r, summed over positions.
Cost: about one forward and one backward pass, and two for the values. Do not use it where the metric is flat at A
(KL).

EAP-IG on inputs (Hanna et al. 2024, "Have Faith in Faithfulness", section 3):
1. Take the gradients at `steps` embeddings on the straight line from B's to A's, and average them.
2. As above with the average. The steps are midpoints, (i + 1/2) / steps, so that the sum over a path is the integral.
Cost: `steps` forwards and backwards. It needs a B.

The score is minus the estimated effect.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.edits import EditKind
from core.engine.gradients import ReaderGradients
from core.errors import ArgumentError, Cancelled, EditError
from core.session import Session

FLAT_AT_CLEAN = ("kl", "cosine_clean")  # metrics whose gradient at A is zero
BLOCK_BYTES = 48 * 2**20  # of writers' differences held at once


def eap(session: Session, replacement: EditKind, cancelled: Callable[[], bool] | None = None) -> NDArray[np.float64]:
    """Estimated effect of every edge's edit: [edges].

    Metrics that are flat at A (KL, the cosine to A) are taken half-way to B, or without a B half-way to A's mean
    embedding.
    """
    return _effects(session, gradients_at_a(session), replacement, cancelled)


def eap_ig(
    session: Session, replacement: EditKind, steps: int = 5, cancelled: Callable[[], bool] | None = None
) -> NDArray[np.float64]:
    """Estimated effect of every edge's edit with gradients averaged from B to A: [edges]."""
    return _effects(session, gradients_from_b(session, steps, cancelled), replacement, cancelled)


def gradients_at_a(session: Session) -> list[ReaderGradients]:
    """The gradients that EAP takes: one run, at A or, of a metric that is flat there, half-way."""
    a = session.engine.clean().embedding
    if session.metric.metric.kind not in FLAT_AT_CLEAN:
        return [_gradients(session, a)]
    b = session.engine.counterfactual()
    with torch.no_grad():
        away = a.mean(dim=1, keepdim=True).expand_as(a) if b is None else b.embedding
        half = (a + away) / 2
    return [_gradients(session, half)]


def gradients_from_b(
    session: Session, steps: int = 5, cancelled: Callable[[], bool] | None = None
) -> list[ReaderGradients]:
    """The gradients that EAP-IG averages: one run a step. Raises ArgumentError, EditError without a B, Cancelled."""
    if steps < 1:
        raise ArgumentError(f"eap-ig needs at least one step, not {steps}.")
    engine = session.engine
    b = engine.counterfactual()
    if b is None:
        raise EditError("Integrated gradients go from B to A, and there is no B.", "Give a counterfactual input.")
    a = engine.clean().embedding
    gradients = []
    for step in range(steps):
        if cancelled is not None and cancelled():
            raise Cancelled
        share = (step + 0.5) / steps
        gradients.append(_gradients(session, b.embedding + share * (a - b.embedding)))
    return gradients


def _gradients(session: Session, embedding: Tensor) -> ReaderGradients:
    engine = session.engine
    return ReaderGradients(session.model.adapter, embedding, engine.reads, session.metric, engine.grid)


def _effects(
    session: Session,
    gradients: list[ReaderGradients],
    replacement: EditKind,
    cancelled: Callable[[], bool] | None,
) -> NDArray[np.float64]:
    """(replacement_u - out_u) . mean gradient_r for every edge, one matrix product a layer and block of writers.

    The mean over the batch: the estimated change of the mean metric.
    """
    graph = session.graph
    engine = session.engine
    effects = np.zeros(graph.n_edges)
    with torch.no_grad():
        clean = engine.clean(full=True)
        one = clean.embedding
        block = max(1, BLOCK_BYTES // (one.numel() * one.element_size()))
        for start in range(0, graph.n_writers, block):
            writers = range(start, min(start + block, graph.n_writers))
            differences = torch.stack(
                [replaced_difference(session, number, replacement) for number in writers]
            ).flatten(1)
            readers = 0
            for layer in range(graph.layers + 1):
                if cancelled is not None and cancelled():
                    raise Cancelled
                of_layer = graph.heads + 2 * graph.kv_heads + 1 if layer < graph.layers else 1
                if graph.writers_before(graph.readers[readers + of_layer - 1]) <= start:
                    readers += of_layer  # nothing in this layer reads these writers
                    continue
                parts = [g.layer(layer) if layer < graph.layers else g.logits() for g in gradients]
                gradient = torch.stack(parts).mean(dim=0)
                products = (gradient.flatten(1) @ differences.T).double().cpu().numpy() / engine.batch
                for row in products:
                    first, before = graph.first_edge[readers], graph.writers_before(graph.readers[readers])
                    stop = min(writers.stop, before)
                    if stop > start:
                        effects[first + start : first + stop] = row[: stop - start]
                    readers += 1
    return effects


def replaced_difference(session: Session, number: int, replacement: EditKind) -> Tensor:
    """replacement_u - out_u at every position: [batch, position, width]."""
    engine, node = session.engine, session.graph.writers[number]
    out = engine.clean(full=True).out(session.model.adapter, node)
    if replacement == "patch":
        return engine.references.patch_value(node, None) - out
    if replacement == "mean":
        return engine.references.mean_value(node) - out
    if replacement == "zero":
        return -out
    raise ArgumentError(f"Edges cannot be scored for {replacement!r}.", "There are: patch, zero, mean.")
