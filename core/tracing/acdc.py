"""ACDC (Conmy et al. 2023, "Towards Automated Circuit Discovery for Mechanistic Interpretability", Algorithm 1): edges
are removed for good, one after the other, where the metric hardly changes.

Steps:
1. Begin with all edges. Take the readers from `logits` down to the first layer, and the edges into each from the latest
   writer to the earliest.
2. Remove an edge from the present circuit: it carries its replacement. If the metric changes by `threshold` or more,
   put it back; else it stays out, and the circuit without it is the present one. (Of metrics that are a distance from
   A, KL and the cosine to A, only a change away from A counts, as in the paper.)
3. The circuit is the edges that stay, as they are: `kept`. They come before all others in the ranking, whatever their
   scores. The score of an edge is minus the change that was measured when it was tested: of edges that stay it is the
   threshold or more in size. (The opposite does not hold: of a distance from A, an edge whose removal leads towards A
   is removed, however large the change.) A reader from which no edge that stayed leads on to `logits` cannot change
   anything: its edges get 0.
4. With `restarts`, do it again, the edges into each reader in an order drawn by the seed. The score is the mean; the
   circuit is that of the first search.

Nodes, and nodes at positions, are removed in the same way, from the last layer to `input` (`core.tracing.acdc_nodes`).
All pairs of a dataset are one circuit: the metric is their mean.

The result is that of testing edges one at a time. To be quick, the next edges are removed one on top of the other in
one batch, as if each were to stay out, which most of them do; what comes behind one that has to be put back is tested
again. Only the nodes on the paths that stayed are computed (`core.engine.sweep`).

Cost: a run behind its reader for every edge that is tested, and again for those that were removed too soon. How many
edges stay decides: those into readers that lead nowhere need no test, and each that stays spoils some of a batch. So a
high threshold is many times as quick as a low one. Nodes take a run each, of half a forward; nodes at positions as many
for each position.

Do not use it for the edges of large models, nor for many pairs of them: its nodes, or another method's edges, are
quick. Nor where two edges stand in for each other: the first that is tested goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from core.circuit import reachable
from core.engine.sweep import Changes, Sweep
from core.progress import stage
from core.tracing.acdc_nodes import acdc_nodes, change_that_counts
from core.tracing.attribution import first_row
from core.tracing.job import Found, Job

POSITIONS = 1024  # of all rows of one batch of tests together
BATCH_BYTES = 256 * 2**20  # of what all writers write in it


def acdc(job: Job) -> Iterator[Found]:
    if job.level != "edges":
        yield from acdc_nodes(job)
        return
    graph, restarts, memory = job.session.graph, job.options.restarts, job.memory
    total = memory.setdefault("total", np.zeros(graph.n_edges))
    count = memory.setdefault("count", np.zeros(graph.n_edges))
    while count[0] < restarts:  # the first edge is the last to be decided
        search = memory.get("search") or _Search(job, int(count[0]))
        memory["search"] = search
        done, into = count.sum() / (restarts * graph.n_edges), search.into / (restarts * graph.n_edges)
        with stage(done, done + into):
            edges, scores = search.next_reader(job.check)
        total[edges] += scores
        count[edges] += 1
        if search.ended:
            memory.setdefault("kept", search.kept)  # of the first search
            del memory["search"]
        if count[0] < restarts:
            with np.errstate(invalid="ignore"):
                so_far = total / count  # NaN where nothing is tested
            yield Found(so_far, count.sum() / (restarts * graph.n_edges))
    yield Found(total / restarts, kept=memory["kept"])


class _Search:
    """One sweep over all readers, which can be left anywhere."""

    def __init__(self, job: Job, restart: int) -> None:
        self._sessions, self._pairs, self._threshold = job.sessions, job.pairs, job.options.threshold
        self._graph = graph = job.session.graph
        self._kept = np.zeros((len(graph.readers), graph.n_writers), dtype=bool)
        self._kept[graph.edge_readers, graph.edge_writers] = True
        self._sweeps = [
            Sweep(session.engine, job.replacement, self._kept, first_row(session, job.replacement), session.metric)
            for session in job.sessions
        ]
        self._present = sum(float(session.clean.metric.sum()) for session in job.sessions) / job.pairs
        self._rng = np.random.default_rng([job.options.seed, restart]) if restart else None
        shape = job.session.model.adapter.shape
        rows = sum(sweep.rows for sweep in self._sweeps)
        one = rows * graph.n_writers * shape.width * job.session.model.adapter.dtype.itemsize
        self._most = max(1, min(POSITIONS // rows, BATCH_BYTES // one))
        self._size = min(8, self._most)  # how many edges are tested together
        self._number = len(graph.readers)
        self._begin()

    def _begin(self) -> None:
        """Go on to the next reader."""
        self._number -= 1
        if self.ended:
            return
        graph = self._graph
        self._scores = np.zeros(graph.writers_before(graph.readers[self._number]))
        left = np.flatnonzero(self._kept[graph.edge_readers, graph.edge_writers]).astype(np.int64)
        self._used = reachable(graph, left)[1]
        order = np.arange(len(self._scores))[::-1] if self._rng is None else self._rng.permutation(len(self._scores))
        self._waiting: list[int] = order.tolist()
        if not self._used[self._number]:
            self._kept[self._number] = False
            self._waiting = []

    @property
    def into(self) -> int:
        """How many edges there are into the reader that comes next."""
        return len(self._scores)

    @property
    def ended(self) -> bool:
        return self._number < 0

    @property
    def kept(self) -> NDArray[np.bool_]:
        """The edges that have stayed so far: [edges]."""
        return self._kept[self._graph.edge_readers, self._graph.edge_writers]

    def next_reader(self, check: Callable[[], None]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Decide about all edges into a reader, in the order of the search: their numbers, and their scores. Raises
        what `check` raises; what was decided until then stays so."""
        with torch.no_grad():
            while self._waiting:
                check()
                left, together = len(self._waiting), min(self._size, len(self._waiting))
                done = 1 - left / self.into
                with stage(done, done + together / self.into):
                    tested, stayed = self._test(self._waiting[: self._size])
                self._waiting = self._waiting[tested:]
                self._size = min(self._most, max(2, self._size // 2)) if stayed else min(self._most, self._size * 2)
        start = int(self._graph.first_edge[self._number])
        found = np.arange(start, start + len(self._scores)), self._scores
        self._begin()
        return found

    def _test(self, writers: list[int]) -> tuple[int, bool]:
        """Remove some edges one on top of the other, up to one that has to stay. Returns how many are decided, and
        whether the last of them stays."""
        number = self._number
        metrics = torch.zeros(len(writers), dtype=torch.float64)
        all_changes: list[Changes] = []
        for place, sweep in enumerate(self._sweeps):
            lost = torch.stack([sweep.lost(writer) for writer in writers]).cumsum(dim=0)
            with stage(place / len(self._sweeps), (place + 1) / len(self._sweeps)):
                found, changes = sweep.run(number, sweep.stream(number) - lost, self._used)
            metrics += found.sum(dim=1).cpu().double()
            all_changes.append(changes)
        before, stays = self._present, False
        removed = 0
        for writer, metric in zip(writers, (metrics / self._pairs).tolist(), strict=True):
            self._scores[writer] = before - metric
            stays = change_that_counts(self._sessions[0], metric - before) >= self._threshold
            if stays:
                break
            self._kept[number, writer] = False
            before, removed = metric, removed + 1
        if removed:
            for sweep, changes in zip(self._sweeps, all_changes, strict=True):
                sweep.accept(changes, removed - 1)
            self._present = before
        return removed + stays, stays
