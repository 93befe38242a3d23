"""Hard-concrete masks (Louizos et al. 2018, "Learning Sparse Neural Networks through L0 Regularization") and how
they are learned: the steps are in `core.tracing.methods.learned_masks`, whose arithmetic this is."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.circuit_gradients import CircuitGradients
from core.engine.divergence import divergence_of_stream
from core.progress import stage
from core.session import Session
from core.tracing.attribution import first_row
from core.tracing.job import Job, common_length

STRETCH = (-0.1, 1.1)
TEMPERATURE = 2 / 3
RATE = 0.2  # of Adam
OPEN = 2.0  # log alpha at the beginning
STIFF = 3.0  # of the pull towards the target: by the share that is missed, times the number of masks


class Masks:
    """The masks of a job as far as they are learned; an update that was cancelled goes on where it was.

    log_alpha: of every mask, [masks]. updates: how many are made."""

    def __init__(self, job: Job, warmth: NDArray[np.float64] | None = None) -> None:
        """warmth: how open each begins, as a share of OPEN, [masks]; None: all alike, 1."""
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
        begin = torch.full((count,), OPEN, dtype=torch.float64, device="cpu")
        self.log_alpha = (begin if warmth is None else begin * torch.from_numpy(warmth)).requires_grad_()
        self._sum = torch.zeros(count, dtype=torch.float64, device="cpu")  # of log alpha, over the updates
        self._adam = torch.optim.Adam([self.log_alpha], lr=RATE)
        self.updates = 0
        self._slopes_so_far: list[Tensor] = []  # of the present update, a session each

    def update(self, job: Job, keep: float, updates: int, seed: int) -> None:
        """Steps 1 to 3, once. The options are those of learned masks."""
        log_alpha = self.log_alpha
        count = len(log_alpha)
        drawn = np.random.default_rng([seed, self.updates]).random(count)
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
        done = (self.updates + 1) / updates
        missed = float(still_open.detach()) - max(keep, 1 - 2 * done * (1 - keep))
        self._adam.zero_grad()
        pull = torch.tensor(STIFF * count * missed, dtype=torch.float64, device="cpu")
        torch.autograd.backward([masks, still_open], grad_tensors=[slopes, pull])
        self._adam.step()
        self._sum += log_alpha.detach()
        self.updates += 1

    def _slopes(self, job: Job, session: Session, masks: Tensor) -> Tensor:
        """The divergence's gradient by every mask, summed over a session's pairs."""
        graph, level = self._graph, self._level
        shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=torch.float64, device="cpu")
        by_edge = masks[self._writers] if level == "nodes" else masks if level == "edges" else 1.0
        shares[self._readers, self._writers] = torch.as_tensor(by_edge, dtype=torch.float64, device="cpu")
        at_positions = masks.view(graph.n_writers, -1) if level == "positions" else None
        run = CircuitGradients(
            session.engine,
            shares,
            job.replacement,
            divergence_of_stream(session.clean.answer, session.model.adapter),
            self._first,
            job.cancelled,
            at_positions,
        )
        if level == "positions":
            return run.by_position.cpu().double().flatten()
        slopes = run.by_share.cpu().double()[self._readers, self._writers]
        return slopes if level == "edges" else torch.zeros_like(masks).index_add_(0, self._writers, slopes)

    def scores(self) -> np.ndarray:
        """Step 4."""
        now = torch.sigmoid(self.log_alpha.detach())
        of_masks = torch.where(now >= 0.5, now, torch.sigmoid(self._sum / self.updates) / 2).numpy()
        if self._level != "positions":
            return of_masks
        at_positions = np.zeros((self._graph.n_writers, self._length))
        at_positions[:, self._first :] = of_masks.reshape(len(at_positions), -1)
        return at_positions


def _masks(log_alpha: Tensor, uniform: Tensor) -> Tensor:
    """Step 1."""
    u = uniform.clamp(1e-6, 1 - 1e-6)
    s = torch.sigmoid((u.log() - (1 - u).log() + log_alpha) / TEMPERATURE)
    low, high = STRETCH
    return (s * (high - low) + low).clamp(0, 1)
