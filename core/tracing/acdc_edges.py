"""ACDC's search over edges: steps 1 to 3 of `core.tracing.methods.acdc`, several tests in a batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from core.circuit import reachable
from core.engine.sweep import Changes, Sweep
from core.errors import MemoryBudgetError
from core.progress import stage
from core.tracing.acdc_nodes import change_that_counts
from core.tracing.attribution import first_row
from core.tracing.job import Job

POSITIONS = 1024  # of all rows of one batch of tests together
BATCH_BYTES = 256 * 2**20  # of what all writers write in it


class Search:
    """One sweep over all readers, which can be left anywhere. rng: draws the order of the edges into a reader; None:
    from the latest writer to the earliest."""

    def __init__(self, job: Job, threshold: float, rng: np.random.Generator | None) -> None:
        self._sessions, self._pairs, self._threshold, self._rng = job.sessions, job.pairs, threshold, rng
        self._graph = graph = job.session.graph
        self._kept = np.zeros((len(graph.readers), graph.n_writers), dtype=bool)
        self._kept[graph.edge_readers, graph.edge_writers] = True
        budget, sweep_bytes = job.session.engine.memory, 0
        self._sweeps: list[Sweep] = []
        for session in job.sessions:
            first = first_row(session, job.replacement)
            self._sweeps.append(Sweep(session.engine, job.replacement, self._kept, first, session.metric))
            sweep_bytes += self._sweeps[-1].bytes
            if sweep_bytes > budget:
                done = sum(session.pair.batch for session in job.sessions[: len(self._sweeps)])
                raise MemoryBudgetError(
                    f"ACDC keeps what every edge carries, of all pairs together: {sweep_bytes / 2**20:.3g} MB for "
                    f"{done} of {job.pairs} pairs, and the budget is {budget / 2**20:.3g} MB.",
                    "Take fewer or shorter pairs, raise it (memory_megabytes), or take another method, for example "
                    "eap-ig.",
                )
        self._present = sum(float(session.clean.metric.sum()) for session in job.sessions) / job.pairs
        shape = job.session.model.adapter.shape
        rows = sum(sweep.rows for sweep in self._sweeps)
        choice_bytes = rows * graph.n_writers * shape.width * job.session.model.adapter.dtype.itemsize
        self._most = max(1, min(POSITIONS // rows, min(BATCH_BYTES, budget - sweep_bytes) // choice_bytes))
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
        edges = np.flatnonzero(self._kept[graph.edge_readers, graph.edge_writers]).astype(np.int64)
        self._used = reachable(graph, edges)[1]
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
                waiting, together = len(self._waiting), min(self._size, len(self._waiting))
                done = 1 - waiting / self.into
                with stage(done, done + together / self.into):
                    tested, stayed = self._test(self._waiting[: self._size])
                self._waiting = self._waiting[tested:]
                self._size = min(self._most, max(2, self._size // 2)) if stayed else min(self._most, self._size * 2)
        start = int(self._graph.first_edge[self._number])
        numbers, scores = np.arange(start, start + len(self._scores)), self._scores
        self._begin()
        return numbers, scores

    def _test(self, writers: list[int]) -> tuple[int, bool]:
        """Remove some edges one on top of the other, up to one that has to stay. Returns how many are decided, and
        whether the last of them stays."""
        number = self._number
        metrics = torch.zeros(len(writers), dtype=torch.float64, device="cpu")
        all_changes: list[Changes] = []
        for place, sweep in enumerate(self._sweeps):
            lost = torch.stack([sweep.lost(writer) for writer in writers]).cumsum(dim=0)
            with stage(place / len(self._sweeps), (place + 1) / len(self._sweeps)):
                of_pairs, changes = sweep.run(number, sweep.stream(number) - lost, self._used)
            metrics += of_pairs.sum(dim=1).cpu().double()
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
