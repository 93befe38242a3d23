"""ACDC (Conmy et al. 2023, "Towards Automated Circuit Discovery for Mechanistic Interpretability"): edges are removed
for good, one after the other, where the metric hardly changes.

Steps:
1. Begin with all edges. Take the readers from `logits` down to the first layer, and the edges into each from the latest
   writer to the earliest.
2. Remove an edge from the present circuit: it carries its replacement. If the metric changes by `threshold` or more,
   put it back; else it stays out, and the circuit without it is the present one. (Of metrics that are a distance from
   A, KL and the cosine to A, only a change away from A counts, as in the paper.)
3. The score of an edge is minus the change that was measured when it was tested; so those that stay are the ones whose
   absolute score is at least the threshold. A reader from which no edge that stayed leads on to `logits` cannot change
   anything: its edges get 0.
4. With `restarts`, do it again, the edges into each reader in an order drawn by the seed. The score is the mean.

All pairs of a dataset are one circuit: the metric is their mean.

The result is that of testing edges one at a time. To be quick, the next edges are removed one on top of the other in
one batch, as if each were to stay out, which most of them do; what comes behind one that has to be put back is tested
again. Only the nodes on the paths that stayed are computed (`core.engine.sweep`).

Cost: a run behind its reader for every edge that is tested, and again for those that were removed too soon: seconds
for small models, minutes for the 70,000 edges of SmolLM2, the more the more edges stay.
Do not use it on large models, nor on many pairs of them. Nor where two edges stand in for each other: the first that
is tested goes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from core.circuit import reachable
from core.engine.sweep import Changes, Sweep
from core.tracing.attribution import first_row
from core.tracing.job import Found, Job

POSITIONS = 1024  # of all rows of one batch of tests together
BATCH_BYTES = 256 * 2**20  # of what all writers write in it


def acdc(job: Job) -> Iterator[Found]:
    graph, restarts = job.session.graph, job.options.restarts
    total, count = np.zeros(graph.n_edges), np.zeros(graph.n_edges)
    for restart in range(restarts):
        search = _Search(job, restart)
        for number in reversed(range(len(graph.readers))):
            job.check()
            edges = np.arange(graph.first_edge[number], graph.first_edge[number + 1])
            total[edges] += search.scores_into(number)
            count[edges] += 1
            if number > 0 or restart + 1 < restarts:
                with np.errstate(invalid="ignore"):
                    so_far = total / count  # NaN where nothing is tested
                yield Found(so_far, count.sum() / (restarts * graph.n_edges))
    yield Found(total / restarts)


class _Search:
    """One sweep over all readers."""

    def __init__(self, job: Job, restart: int) -> None:
        self._job = job
        self._graph = graph = job.session.graph
        self._kept = np.zeros((len(graph.readers), graph.n_writers), dtype=bool)
        self._kept[graph.edge_readers, graph.edge_writers] = True
        self._sweeps = [
            Sweep(session.engine, job.replacement, self._kept, first_row(session, job.replacement))
            for session in job.sessions
        ]
        self._present = sum(float(session.clean.metric.sum()) for session in job.sessions) / job.pairs
        self._rng = np.random.default_rng([job.options.seed, restart]) if restart else None
        shape = job.session.model.adapter.shape
        rows = sum(sweep.rows for sweep in self._sweeps)
        one = rows * graph.n_writers * shape.width * job.session.model.adapter.dtype.itemsize
        self._most = max(1, min(POSITIONS // rows, BATCH_BYTES // one))
        self._size = min(8, self._most)  # how many edges are tested together

    def scores_into(self, number: int) -> NDArray[np.float64]:
        """Decide about all edges into a reader, in the order of its search; their scores, by writer."""
        graph = self._graph
        scores = np.zeros(graph.writers_before(graph.readers[number]))
        left = np.flatnonzero(self._kept[graph.edge_readers, graph.edge_writers]).astype(np.int64)
        used = reachable(graph, left)[1]
        if not used[number]:
            self._kept[number] = False
            return scores
        order = np.arange(len(scores))[::-1] if self._rng is None else self._rng.permutation(len(scores))
        waiting = order.tolist()
        with torch.no_grad():
            while waiting:
                self._job.check()
                tested, stayed = self._test(number, waiting[: self._size], used, scores)
                waiting = waiting[tested:]
                self._size = max(2, self._size // 2) if stayed else min(self._most, self._size * 2)
        return scores

    def _test(
        self, number: int, writers: list[int], used: NDArray[np.bool_], scores: NDArray[np.float64]
    ) -> tuple[int, bool]:
        """Remove some edges one on top of the other, up to one that has to stay. Returns how many are decided, and
        whether the last of them stays."""
        metrics = torch.zeros(len(writers), dtype=torch.float64)
        all_changes: list[Changes] = []
        for sweep, session in zip(self._sweeps, self._job.sessions, strict=True):
            lost = torch.stack([sweep.lost(writer) for writer in writers]).cumsum(dim=0)
            found, changes = sweep.run(number, sweep.stream(number) - lost, used, session.metric)
            metrics += found.sum(dim=1).double().cpu()
            all_changes.append(changes)
        before, stays = self._present, False
        removed = 0
        for writer, metric in zip(writers, (metrics / self._job.pairs).tolist(), strict=True):
            scores[writer] = before - metric
            stays = self._counts(metric - before) >= self._job.options.threshold
            if stays:
                break
            self._kept[number, writer] = False
            before, removed = metric, removed + 1
        if removed:
            for sweep, changes in zip(self._sweeps, all_changes, strict=True):
                sweep.accept(changes, removed - 1)
            self._present = before
        return removed + stays, stays

    def _counts(self, change: float) -> float:
        """How much of a change counts."""
        kind = self._job.session.metric.metric.kind
        return change if kind == "kl" else -change if kind == "cosine_clean" else abs(change)
