"""Tracing: scores of a session's edges (nodes, positions), or the mean over a dataset, by any method of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.errors import Cancelled
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.direction import direction_of_gap, gap
from core.tracing.job import Job, Level, Options, common_length
from core.tracing.methods import method_named
from core.tracing.over_pairs import POSITIONS, sessions_over
from core.tracing.scores import Scores


class Tracing:
    """A trace that gives its results as they come: run `parts`, stop, and go on later by calling it again.

    dataset: score these pairs, batch by batch, and average; otherwise the session's own pair. The other arguments are
    those of `trace`. Raises ArgumentError, EditError, ModelError, InputError.
    """

    def __init__(
        self,
        session: Session,
        method: str = "eap-ig",
        *,
        replacement: EditKind = "patch",
        level: Level = "edges",
        dataset: Dataset | None = None,
        options: Options | None = None,
    ) -> None:
        self.session = session
        self.method = method_named(method)
        self.replacement = replacement
        self.level = level
        self.options = options or Options()
        self.method.check(session, replacement, level)
        if level == "positions":
            common_length([session.pair] if dataset is None else dataset.pairs)
        self._dataset = dataset
        self.pairs = session.pair.batch if dataset is None else sum(pair.batch for pair in dataset.pairs)
        self.done = 0  # pairs
        self._sum: NDArray[np.float64] | None = None  # over the pairs that are done
        self._gap = 0.0  # m(whole) - m(empty circuit), summed over the pairs that are done
        self._kept: NDArray[np.bool_] | None = None  # of a search
        self._memory: dict[str, Any] = {}  # of the job that was cancelled

    def parts(self, cancelled: Callable[[], bool] | None = None) -> Iterator[tuple[Scores, float]]:
        """Score what is missing. Gives the scores so far (NaN where there are none) and the share of the work that is
        done. Raises Cancelled; what was scored stays, and the next call goes on from there."""
        if self._dataset is None:
            jobs: Iterator[tuple[Session, ...]] = iter([(self.session,)])
        elif self.method.joint:
            jobs = iter([tuple(sessions_over(self.session, self._dataset))])
        else:
            positions = 1 if self.method.alone else POSITIONS
            jobs = ((session,) for session in sessions_over(self.session, self._dataset, positions))
        before = 0
        for first, *more in jobs:
            job = Job(first, self.replacement, self.level, self.options, cancelled, tuple(more), self._memory)
            before += job.pairs
            if before <= self.done:
                continue
            if self.replacement == "mean" and self.method.replaces:
                first.engine.references.means(cancelled)
            gap_so_far = self._gap + self._gap_of(job)
            for found in self.method.score(job):
                so_far = found.values * job.pairs if self._sum is None else self._sum + found.values * job.pairs
                scored = self.done + job.pairs
                if found.share_done < 1:
                    share = (self.done + found.share_done * job.pairs) / self.pairs
                    yield self._scores(so_far / scored, share, gap_so_far / scored), share
            self._sum, self.done, self._gap, self._kept, self._memory = so_far, scored, gap_so_far, found.kept, {}
            yield self.scores, self.done / self.pairs
            if cancelled is not None and cancelled() and self.done < self.pairs:
                raise Cancelled

    @property
    def scores(self) -> Scores:
        """The mean over the pairs that are done. Raises Cancelled where none is."""
        if self._sum is None:
            raise Cancelled
        return self._scores(self._sum / self.done, self.done / self.pairs, self._gap / self.done)

    def _gap_of(self, job: Job) -> float:
        """NaN where it is not known, or plays no part."""
        if not self.method.replaces:
            return np.nan
        gaps = [gap(session, self.replacement, job.cancelled) for session in job.sessions]
        return sum(np.nan if each is None else each for each in gaps)

    def _scores(self, values: NDArray[np.float64], share: float, mean_gap: float) -> Scores:
        session = self.session
        about = {"model": session.model.name, "metric": session.metric.name}
        about |= {name: str(getattr(self.options, name)) for name in self.method.options}
        if self._dataset is not None:
            about["pairs"] = str(self.pairs)
        if share < 1:
            about["partial"] = f"{share:.0%} of the work"
        direction = None if np.isnan(mean_gap) else direction_of_gap(mean_gap)
        return Scores(
            session.graph, values, self.method.name, self.replacement, about, self.level, direction, self._kept
        )


def trace(
    session: Session,
    method: str = "eap-ig",
    *,
    steps: int | None = None,
    replacement: EditKind = "patch",
    dataset: Dataset | None = None,
    level: Level = "edges",
    options: Options | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Scores:
    """Score every edge of a session: positive where the edge raises the metric. The scores know A's direction, by which
    they are ranked.

    method: a name of METHODS. steps: points of the integral, for methods that have one (5); options: all of them.
    replacement: what a removed edge carries: `patch`, `zero`, `mean`. dataset: score these pairs, and average; with the
    session's metric, or where the dataset has answers of its own with these. level: "edges", "nodes" or "positions" (of
    nodes). progress: told the share that is done. `Tracing` gives results as they come.

    Raises ArgumentError for an unknown method or what it cannot do, EditError for a missing counterfactual, InputError
    for positions of inputs of different lengths, Cancelled.
    """
    told = options or Options()
    tracing = Tracing(
        session,
        method,
        replacement=replacement,
        level=level,
        dataset=dataset,
        options=told if steps is None else replace(told, steps=steps),
    )
    for _, share in tracing.parts(cancelled):
        if progress is not None:
            progress(share)
    return tracing.scores
