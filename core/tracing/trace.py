"""Tracing: scores of a session's edges (nodes, positions), or the mean over a dataset, by any method of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.engine.replacement import ablation
from core.engine.shared_memory import SharedMemory
from core.errors import ArgumentError, Cancelled
from core.formatting import percent
from core.inputs.pair import Dataset
from core.memory import give_back
from core.positions import Positions
from core.progress import stage, watched, within
from core.session import Session
from core.spans import spans_over, usual_spans
from core.tracing.costs import POSITIONS, PREPARED
from core.tracing.direction import direction_of_gap, gap
from core.tracing.job import Job, Memory, common_length
from core.tracing.meaning import MEASURED, NOISE_FLOOR
from core.tracing.method import method_named
from core.tracing.options import Level
from core.tracing.over_pairs import Batch, batches_over, fitting_positions, metric_name, own_batches, usual_positions
from core.tracing.scores import Scores
from core.tracing.told_options import Options
from core.tracing.towers import check_towers, score_towers


@dataclass(frozen=True)
class Sums:
    """What the mean over pairs is made of, so that means over parts of a dataset can be joined. values: scores, summed
    over the pairs. gap: m(whole) - m(empty circuit), likewise; NaN where there is none. rounding: of measured scores
    the squares of each batch's noise floor, times its pairs."""

    pairs: int
    values: NDArray[np.float64]
    gap: float
    rounding: float


class Tracing:
    """A trace that gives its results as they come: run `parts`, stop, and go on later by calling it again.

    dataset: score these pairs, batch by batch, and average; otherwise the session's own pair. seen: told of each batch
    that is scored the places of its rows in the dataset, and its session, whose runs over A and B are made. The other
    arguments are those of `trace`. Raises ArgumentError, EditError, ModelError, InputError.
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
        spans: Positions | None = None,
        seen: Callable[[tuple[int, ...], Session], None] | None = None,
    ) -> None:
        self.session = session
        self._seen = seen
        self.method = method_named(method)
        self.replacement = replacement
        self.level = level
        self.options = options or Options()
        self.method_options = self.options.of(self.method.takes)
        self.method.check(session, replacement, level)
        if session.towers:
            check_towers(self.method, replacement, level)
        pairs = [session.pair] if dataset is None else dataset.pairs
        if level == "positions":
            common_length(pairs)
        if spans is not None and level != "edge-spans":
            raise ArgumentError(f"Spans are for edges at spans, not for {level}.", 'Take level="edge-spans".')
        self.spans: tuple[str, ...] = ()
        if level == "edge-spans":
            extents = [pair.extent for pair in pairs]
            self.spans = usual_spans(extents) if spans is None else spans_over(spans, extents)
        self._dataset = dataset
        self.pairs = session.pair.batch if dataset is None else sum(pair.batch for pair in dataset.pairs)
        self.done = 0  # pairs
        self._sum: NDArray[np.float64] | None = None  # over the pairs that are done
        self._gap = 0.0  # m(whole) - m(empty circuit), summed over the pairs that are done
        self._kept: NDArray[np.bool_] | None = None  # of a search
        self._constants: NDArray[np.float32] | None = None
        self._measured: NDArray[np.bool_] | None = None  # of a scan with a budget
        self._rounding = 0.0  # of measured scores: the squares of each batch's noise floor, times its pairs
        self._memory = Memory()  # of the job that was cancelled
        self._decided = Memory()  # for all jobs
        self._jobs: list[list[Batch]] | None = None

    def parts(
        self, cancelled: Callable[[], bool] | None = None, listener: Callable[[float], None] | None = None
    ) -> Iterator[tuple[Scores, float]]:
        """Score what is missing. Gives the scores so far (NaN where there are none) and the share of the work that is
        done. cancelled: asked at every layer of every run. listener: told as often the share of the work that is
        done. Raises Cancelled; what was scored stays, and the next call goes on from there."""
        before = 0
        for batches in self._job_batches():
            before += sum(len(batch.rows) for batch in batches)
            if before <= self.done:
                continue
            start, stop = self.done / self.pairs, before / self.pairs
            share, prepared = 0.0, self._prepared(batches)
            sessions: list[Session] = []
            shared = SharedMemory(self.session.memory // 2) if len(batches) > 1 else None
            gap_so_far = self._gap
            for batch in batches:
                after = share + prepared * len(batch.rows) / (before - self.done)
                with watched(listener, cancelled), stage(start, stop), stage(share, after):
                    sessions.append(batch.session(prepared=not self.method.makes_clean))
                    if shared is not None:
                        sessions[-1].engine.share(shared, shared.budget // len(batches))
                    if self.method.replaces:
                        carried = ablation(self.replacement)
                        for each in sessions[0].towers or sessions[:1]:
                            carried.prepare(each.engine.references, cancelled)
                            self._constants = carried.constants(each.engine.references)
                    if not self.method.makes_clean:
                        gap_so_far += self._gap_of(sessions[-1], cancelled)
                share = after
            rounding = self._rounding
            if self.method.meaning == MEASURED:
                with watched(None, cancelled):
                    rounding += sum((each.pair.batch * each.noise_floor) ** 2 for each in sessions)
            first, *more = sessions
            job = Job(
                first,
                self.replacement,
                self.level,
                self.options,
                cancelled,
                tuple(more),
                self._memory,
                of_all=self._decided,
                spans=self.spans,
            )
            results = score_towers(self.method, job) if first.towers else self.method.score(job)
            for result in within(results, start + prepared * (stop - start), stop, listener, cancelled):
                if self.method.makes_clean:  # the runs are there now
                    gap_so_far = self._gap + sum(self._gap_of(each, cancelled) for each in sessions)
                last = result.share_done >= 1  # what comes before it may be an array that the method goes on with
                values = result.values if last and job.pairs == 1 else result.values * job.pairs
                so_far = values if self._sum is None else self._sum + values
                scored = self.done + job.pairs
                if result.share_done < 1:
                    share = (self.done + result.share_done * job.pairs) / self.pairs
                    floor = math.sqrt(rounding) / scored
                    mean = _mean(so_far, scored)
                    yield self._scores(mean, share, gap_so_far / scored, result.measured, floor), share
            self._sum, self.done, self._gap, self._rounding = so_far, scored, gap_so_far, rounding
            self._kept, self._measured, self._memory = result.kept, result.measured, Memory()
            self._show(batches, sessions)
            del sessions, first, more, job, result  # else they would stay while those of the next batch are made
            if len(self._job_batches()) > 1:
                give_back()
            yield self.scores, self.done / self.pairs
            if cancelled is not None and cancelled() and self.done < self.pairs:
                raise Cancelled

    def _show(self, batches: list[Batch], sessions: list[Session]) -> None:
        if self._seen is not None:
            for batch, session in zip(batches, sessions, strict=True):
                self._seen(batch.rows, session)

    def _gap_of(self, session: Session, cancelled: Callable[[], bool] | None) -> float:
        """m(whole) - m(empty circuit), summed over a session's pairs; NaN where there is none."""
        value = gap(session, self.replacement, cancelled) if self.method.replaces else None
        return np.nan if value is None else value

    def _job_batches(self) -> list[list[Batch]]:
        """The batches that are scored, and of a joint method all of them together."""
        if self._jobs is None:
            session = self.session
            gradients = self.method.held(self.method_options) if self.method.slopes else 0
            if self._dataset is None:
                batches = own_batches(session, 0 if self.method.joint else gradients)
                self._jobs = [batches] if self.method.joint else [[batch] for batch in batches]
            else:
                if self.method.joint:
                    usual = min(POSITIONS, fitting_positions(session, gradients))
                else:
                    usual = usual_positions(session, self._forwards(), gradients)
                batches = batches_over(session, self._dataset, 1 if self.method.alone else usual)
                self._jobs = [batches] if self.method.joint else [[batch] for batch in batches]
        return self._jobs

    def _forwards(self) -> float:
        """About how many forward runs of the model a pair takes."""
        graph = self.session.graph
        scored = {"edges": graph.n_edges, "nodes": graph.n_writers, "edge-spans": graph.n_edges * len(self.spans)}
        positions = graph.n_writers * self.session.pair.length
        return self.method.forwards(scored.get(self.level, positions), self.method_options)

    def _prepared(self, batches: list[Batch]) -> float:
        """What share of a job's work is done before its pairs are scored: their runs, and what replacements are taken
        from, which is made once, for all."""
        pairs = sum(len(batch.rows) for batch in batches)
        runs = 0.0 if len(self._job_batches()) == 1 and self._dataset is None else PREPARED * pairs
        if self.method.replaces and self.done == 0:
            population = self.session.population
            runs += ablation(self.replacement).runs(self.pairs if population is None else len(population.lengths))
        return runs / (runs + max(self._forwards(), 1.0) * pairs)

    @property
    def sums(self) -> Sums:
        """Over the pairs that are done. Raises Cancelled where none is."""
        if self._sum is None:
            raise Cancelled
        return Sums(self.done, self._sum, self._gap, self._rounding)

    @property
    def scores(self) -> Scores:
        """The mean over the pairs that are done. Raises Cancelled where none is."""
        if self._sum is None:
            raise Cancelled
        share, floor = self.done / self.pairs, math.sqrt(self._rounding) / self.done
        return self._scores(_mean(self._sum, self.done), share, self._gap / self.done, self._measured, floor)

    def _scores(
        self,
        values: NDArray[np.float64],
        share: float,
        mean_gap: float,
        measured: NDArray[np.bool_] | None,
        noise_floor: float,
    ) -> Scores:
        session = self.session
        about = {"model": session.model.name, "metric": metric_name(session, self._dataset)}
        about |= {name: str(value) for name, value in asdict(self.method_options).items()}
        if self._dataset is not None:
            about["pairs"] = str(self.pairs)
        if noise_floor > 0:
            about[NOISE_FLOOR] = f"{noise_floor:.3g}"
        if share < 1:
            about["partial"] = f"{percent(share)} of the work"
        if measured is not None:
            about["measured"] = f"{measured.sum():,} of {measured.size:,} {self.level}; the others are estimates"
        direction = None if np.isnan(mean_gap) else direction_of_gap(mean_gap)
        return Scores(
            session.graph,
            values,
            self.method.name,
            self.replacement,
            about,
            self.level,
            direction,
            self._kept,
            constants=self._constants,
            measured=measured,
            spans=self.spans,
        )


def _mean(total: NDArray[np.float64], pairs: int) -> NDArray[np.float64]:
    """Of one pair it is the sum itself, no copy: of a large model that is a hundred megabytes."""
    return total if pairs == 1 else total / pairs


def trace(
    session: Session,
    method: str = "eap-ig",
    *,
    steps: int | None = None,
    replacement: EditKind = "patch",
    dataset: Dataset | None = None,
    level: Level = "edges",
    options: Options | None = None,
    spans: Positions | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Scores:
    """Score every edge of a session: positive where the edge raises the metric. The scores know A's direction, by which
    they are ranked.

    method: a name of METHODS. steps: points of the integral, for methods that have one (5); options: all of them.
    replacement: what a removed edge carries: `patch`, `zero`, `mean`. dataset: score these pairs, and average; with the
    session's metric, or where the dataset has answers of its own with these. level: "edges", "nodes", "positions" (of
    nodes) or "edge-spans" (every edge at every span of positions). spans: for these, roles and positions as `Edit`
    takes them, in place of all common roles, or without one every position. progress: told the share
    that is done. `Tracing` gives results as they come.

    Raises ArgumentError for an unknown method or what it cannot do, EditError for a missing counterfactual and spans
    that the inputs do not have, InputError for positions of inputs of different lengths, Cancelled.
    """
    options = options or Options()
    tracing = Tracing(
        session,
        method,
        replacement=replacement,
        level=level,
        dataset=dataset,
        options=options if steps is None else options.but(steps=steps),
        spans=spans,
    )
    for _ in tracing.parts(cancelled, progress):
        pass
    if progress is not None:
        progress(1.0)
    return tracing.scores
