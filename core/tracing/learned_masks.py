"""Learned edge masks (Bhaskar et al. 2024, "Finding Transformer Circuits with Edge Pruning"): all edges at once, by
gradient descent.

Steps:
1. Give every edge (or node: all edges out of it) a mask z from 0 to 1, a hard-concrete variable with a parameter
   log alpha (Louizos et al. 2018, "Learning Sparse Neural Networks through L0 Regularization"): with u uniform,
   s = sigmoid((log u - log(1 - u) + log alpha) / (2/3)), z = s stretched from -0.1 to 1.1 and cut to 0..1. They begin
   open.
2. Run A with every edge carrying z of what its writer adds, and 1 - z of its replacement.
3. Change the log alphas (Adam) against the divergence of the output from A's (KL in nats; without a head, 1 - cosine)
   and towards a share `keep` of edges that are expected to be open: the square of what is missed is the penalty, where
   the paper has two multipliers that rise until nothing is. The target comes down from all of them over the first half
   of the updates.
4. Do 2 and 3 `updates` times. The score is sigmoid(log alpha): from 0 to 1, and half where a mask is as likely drawn
   above one half as below. It has no sign: an edge is kept because the output changes without it, whichever way.

The pairs of a dataset share their masks. The numbers that are drawn depend on the seed alone.

Cost: `updates` forwards and two backwards over all edges, some 200, for every pair. Small models only: more than
MOST_EDGES edges are refused, since each of them must be drawn open and shut many times. Do not use it where the metric
is what counts and not the output as a whole, nor to compare two edges: what is kept depends on what else is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.circuit_gradients import CircuitGradients
from core.errors import ModelError
from core.session import Session
from core.tracing.attribution import first_row
from core.tracing.job import Found, Job

MOST_EDGES = 40_000  # GPT-2 small has 32,491
STRETCH = (-0.1, 1.1)
TEMPERATURE = 2 / 3
RATE = 0.2  # of Adam
OPEN = 2.0  # log alpha at the beginning
STIFF = 3.0  # of the pull towards the target: by the share that is missed, times the number of masks


def learned_masks(job: Job) -> Iterator[Found]:
    graph, options = job.session.graph, job.options
    if graph.n_edges > MOST_EDGES:
        raise ModelError(
            f"Learned masks are for small models: this one has {graph.n_edges:,} edges, {MOST_EDGES:,} is the most.",
            "Use a method that needs no learning, for example eap-ig.",
        )
    readers, writers = (torch.from_numpy(x.astype(np.int64)) for x in (graph.edge_readers, graph.edge_writers))
    of_edge = writers if job.level == "nodes" else torch.arange(graph.n_edges)  # the number of its mask
    count = int(of_edge.max()) + 1
    generator = torch.Generator().manual_seed(options.seed)
    log_alpha = torch.full((count,), OPEN, dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([log_alpha], lr=RATE)
    for update in range(options.updates):
        job.check()
        with torch.enable_grad():
            masks = _drawn(log_alpha, generator)
            still_open = torch.sigmoid(log_alpha - TEMPERATURE * math.log(-STRETCH[0] / STRETCH[1])).mean()
        by_mask = torch.zeros(count, dtype=torch.float64)
        shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64)
        shares[readers, writers] = masks.detach()[of_edge]
        for session in job.sessions:
            first = first_row(session, job.replacement)
            run = CircuitGradients(session.engine, shares, job.replacement, _divergence(session), first, job.cancelled)
            by_mask.index_add_(0, of_edge, run.by_share[readers.to(run.by_share.device), writers].double().cpu())
        done = (update + 1) / options.updates
        missed = float(still_open.detach()) - max(options.keep, 1 - 2 * done * (1 - options.keep))
        adam.zero_grad()
        slope = STIFF * count * missed
        torch.autograd.backward([masks, still_open], [by_mask / job.pairs, torch.tensor(slope, dtype=torch.float64)])
        adam.step()
        if update + 1 < options.updates:
            yield Found(_scores(log_alpha), done)
    yield Found(_scores(log_alpha))


def _scores(log_alpha: Tensor) -> np.ndarray:
    return torch.sigmoid(log_alpha.detach()).numpy()


def _drawn(log_alpha: Tensor, generator: torch.Generator) -> Tensor:
    """Step 1."""
    u = torch.rand(log_alpha.shape, generator=generator, dtype=torch.float64).clamp(1e-6, 1 - 1e-6)
    s = torch.sigmoid((u.log() - (1 - u).log() + log_alpha) / TEMPERATURE)
    low, high = STRETCH
    return (s * (high - low) + low).clamp(0, 1)


def _divergence(session: Session) -> Callable[[Tensor], Tensor]:
    """How far an output [batch, answers] is from A's: [batch]."""
    answer = session.clean.answer
    if session.model.adapter.shape.output_kind == "embedding":
        return lambda output: 1 - F.cosine_similarity(output, answer, dim=-1)
    reference = answer.log_softmax(dim=-1)
    return lambda output: F.kl_div(output.log_softmax(-1), reference, log_target=True, reduction="none").sum(-1)
