"""Learned edge masks (Bhaskar et al. 2024, "Finding Transformer Circuits with Edge Pruning"): all edges at once, by
gradient descent.

Steps:
1. Give every edge (or node: all edges out of it; or node at a position) a mask z from 0 to 1, a hard-concrete variable
   with a parameter log alpha (Louizos et al. 2018, "Learning Sparse Neural Networks through L0 Regularization"): with u
   uniform, s = sigmoid((log u - log(1 - u) + log alpha) / (2/3)), z = s stretched from -0.1 to 1.1 and cut to 0..1.
   They begin open.
2. Run A with every edge carrying z of what its writer adds, and 1 - z of its replacement.
3. Change the log alphas (Adam) against the divergence of the output from A's (KL in nats; without a head, 1 - cosine)
   and towards a share `keep` of edges that are expected to be open: the square of what is missed is the penalty, where
   the paper has two multipliers that rise until nothing is. The target comes down from all of them over the first half
   of the updates.
4. Do 2 and 3 `updates` times. The circuit is the masks that end open, those as likely drawn above one half as below:
   their score is sigmoid(log alpha), from 0.5 to 1. The others end shut, all alike; their score, below 0.5, is half the
   sigmoid of log alpha's mean over the updates. So those that shut last, while the target came down, stand first: the
   paper has no such ranking, and needs none for the one circuit that it learns. A score has no sign: an edge is kept
   because the output changes without it, whichever way.

At positions a mask is that of a node at one position, from the first at which A and B differ. The pairs of a dataset
share their masks. The numbers that are drawn depend on the seed alone.

Cost: `updates` forwards, and as many backwards twice over, with all edges open in part, for every pair. Small models
only: more than 40,000 edges are refused, since each must be drawn open and shut many times. Do not use it where the
metric is what counts and not the output as a whole, nor to compare two edges: what is kept depends on what else is; nor
for circuits much smaller than `keep`: among the masks that are open the order says little. Lower `keep` for these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.engine.circuit_gradients import CircuitGradients
from core.progress import stage
from core.session import Session
from core.tracing.attribution import first_row
from core.tracing.job import Found, Job, common_length

MOST_EDGES = 40_000  # GPT-2 small has 32,491
STRETCH = (-0.1, 1.1)
TEMPERATURE = 2 / 3
RATE = 0.2  # of Adam
OPEN = 2.0  # log alpha at the beginning
STIFF = 3.0  # of the pull towards the target: by the share that is missed, times the number of masks


def learned_masks(job: Job) -> Iterator[Found]:
    options, memory = job.options, job.memory
    learned = memory.get("learned") or _Learned(job)
    memory["learned"] = learned
    while learned.updates < options.updates:
        job.check()
        with stage(learned.updates / options.updates, (learned.updates + 1) / options.updates):
            learned.update(job)
        if learned.updates < options.updates:
            yield Found(learned.scores(), learned.updates / options.updates)
    yield Found(learned.scores())


class _Learned:
    """The masks as far as they are learned; an update that was cancelled goes on where it was.

    log_alpha: of every mask, [masks]. updates: how many are made."""

    def __init__(self, job: Job) -> None:
        self._graph = graph = job.session.graph
        self._level = job.level
        self._readers = torch.from_numpy(graph.edge_readers.astype(np.int64))
        self._writers = torch.from_numpy(graph.edge_writers.astype(np.int64))
        self._first = min(first_row(session, job.replacement) for session in job.sessions)
        self._length = job.session.engine.length
        count = graph.n_edges if job.level == "edges" else graph.n_writers
        if job.level == "positions":
            common_length(session.pair for session in job.sessions)
            count *= self._length - self._first  # before that nothing is replaced
        self.log_alpha = torch.full((count,), OPEN, dtype=torch.float64, requires_grad=True)
        self._sum = torch.zeros(count, dtype=torch.float64)  # of log alpha, over the updates
        self._adam = torch.optim.Adam([self.log_alpha], lr=RATE)
        self.updates = 0
        self._slopes_so_far: list[Tensor] = []  # of the present update, a session each

    def update(self, job: Job) -> None:
        """Steps 1 to 3, once."""
        options, log_alpha = job.options, self.log_alpha
        count = len(log_alpha)
        drawn = np.random.default_rng([options.seed, self.updates]).random(count)
        with torch.enable_grad():
            masks = _masks(log_alpha, torch.from_numpy(drawn))
            still_open = torch.sigmoid(log_alpha - TEMPERATURE * math.log(-STRETCH[0] / STRETCH[1])).mean()
        for session in job.sessions[len(self._slopes_so_far) :]:
            place = len(self._slopes_so_far)
            with stage(place / len(job.sessions), (place + 1) / len(job.sessions)):
                self._slopes_so_far.append(self._slopes(job, session, masks.detach()))
        slopes = torch.zeros_like(masks)
        for each in self._slopes_so_far:
            slopes = slopes + each / job.pairs
        self._slopes_so_far = []
        done = (self.updates + 1) / options.updates
        missed = float(still_open.detach()) - max(options.keep, 1 - 2 * done * (1 - options.keep))
        self._adam.zero_grad()
        pull = torch.tensor(STIFF * count * missed, dtype=torch.float64)
        torch.autograd.backward([masks, still_open], grad_tensors=[slopes, pull])
        self._adam.step()
        self._sum += log_alpha.detach()
        self.updates += 1

    def _slopes(self, job: Job, session: Session, masks: Tensor) -> Tensor:
        """The divergence's gradient by every mask, summed over a session's pairs."""
        graph, level = self._graph, self._level
        shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64)
        by_edge = masks[self._writers] if level == "nodes" else masks if level == "edges" else 1.0
        shares[self._readers, self._writers] = torch.as_tensor(by_edge, dtype=torch.float64)
        at_positions = masks.view(graph.n_writers, -1) if level == "positions" else None
        run = CircuitGradients(
            session.engine, shares, job.replacement, _divergence(session), self._first, job.cancelled, at_positions
        )
        if level == "positions":
            return run.by_position.cpu().double().flatten()
        found = run.by_share.cpu().double()[self._readers, self._writers]
        return found if level == "edges" else torch.zeros_like(masks).index_add_(0, self._writers, found)

    def scores(self) -> np.ndarray:
        """Step 4."""
        now = torch.sigmoid(self.log_alpha.detach())
        found = torch.where(now >= 0.5, now, torch.sigmoid(self._sum / self.updates) / 2).numpy()
        if self._level != "positions":
            return found
        whole = np.zeros((self._graph.n_writers, self._length))
        whole[:, self._first :] = found.reshape(len(whole), -1)
        return whole


def _masks(log_alpha: Tensor, uniform: Tensor) -> Tensor:
    """Step 1."""
    u = uniform.clamp(1e-6, 1 - 1e-6)
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
