"""Exact scan: every edge (node, node at a position) is really replaced, one at a time, and the metric read.

Steps:
1. Make each edit alone in A's run; edits that first act at the same place share all that comes before, and go through
   the rest of the model together (`core.scan`). The last layers come first, as they are quickest.
2. The score is minus the effect: the metric without the edit less that with it.
With a budget of n edits: first every one is estimated, as by EAP-IG, at some points between B (without one, A's mean
embedding) and A. What the points say is its interval. The n whose interval reaches furthest from 0 are really made; the
interval of every other one is within theirs, and it stays an estimate, marked as such and counted. Over a dataset the
first batch of pairs says which they are.

Source: activation patching edge by edge (Wang et al. 2022, "Interpretability in the Wild", path patching of single
edges; Goldowsky-Dill et al. 2023). Nothing is an estimate here, and the scores of several edges do not add up.

Cost: one run a target over the layers behind it: some 0.15 forwards an edge. Do not use it on all edges of a large
model; score its nodes, or take a gradient method and measure what it finds. Nor where components stand in for each
other: alone, neither of them changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.progress import stage, within
from core.tracing.job import Job, MethodResult, common_length
from core.tracing.meaning import MEASURED
from core.tracing.method import FORWARD_AND_BACKWARD, Method
from core.tracing.options import check_count, option
from core.tracing.order import best_first

if TYPE_CHECKING:
    from core.scan import Scan

RUN = 0.15  # forwards: of one edit, behind its layer
POINTS = 5  # between B and A, at which every edit is estimated where there is a budget


@dataclass(frozen=True)
class ScanOptions:
    budget: int = option(0, "edits that are really made, the others stay estimates (0: every one)", title="Exact runs")

    def __post_init__(self) -> None:
        check_count("budget", self.budget, least=0)


@dataclass
class ScanBudget:
    """Which edits a budget goes to, in every batch of a dataset alike: their numbers, once they are chosen."""

    numbers: NDArray[np.int64] | None = None


@dataclass
class ScanState:
    """The scans as far as they have come: one, or of nodes at positions one a position. estimates: of all targets, by
    point [points, targets], where there is a budget."""

    scans: dict[int | None, Scan] = field(default_factory=dict)
    estimates: list[NDArray[np.float64]] = field(default_factory=list)


def exact_scan(job: Job) -> Iterator[MethodResult]:
    from core.scan import Scan

    budget = job.options_of(ScanOptions).budget
    if job.level == "positions":
        if budget:
            raise ArgumentError("A budget is for edges or nodes, not for positions.", "Take 0, or another level.")
        yield from _positions(job)
        return
    graph = job.session.graph
    if 0 < budget < (graph.n_edges if job.level == "edges" else graph.n_writers):
        yield from _within_budget(job, budget)
        return
    scans = job.state(ScanState).scans
    scan = scans.setdefault(None, Scan(job.session, job.level, job.replacement))
    for _ in scan.parts(job.cancelled):
        if scan.done < len(scan):
            yield MethodResult(-scan.effects, scan.done / len(scan))
    yield MethodResult(-scan.effects)


METHOD = Method(
    "exact-scan",
    "Exact scan",
    "every edit really made, one at a time",
    exact_scan,
    meaning=MEASURED,
    slopes=False,
    slow=True,
    takes=ScanOptions,
    forwards=lambda scored, options: _forwards(scored, options.budget),
)


def _forwards(scored: int, budget: int) -> float:
    return RUN * budget + FORWARD_AND_BACKWARD * POINTS if 0 < budget < scored else RUN * scored


def _within_budget(job: Job, budget: int) -> Iterator[MethodResult]:
    """Estimates of all, in whose place what is measured comes."""
    from core.scan import Scan

    session, state, decided = job.session, job.state(ScanState), job.of_trace(ScanBudget)
    session.metric.check_slope("A scan with a budget")
    share = FORWARD_AND_BACKWARD * POINTS / _forwards(budget + 1, budget)  # of the time, about, for the estimates
    while (done := len(state.estimates)) < POINTS:
        with stage(share * done / POINTS, share * (done + 1) / POINTS):
            state.estimates.append(_estimate(job, (done + 0.5) / POINTS))
    estimates = np.stack(state.estimates)
    if decided.numbers is None:
        furthest = np.abs(estimates).max(axis=0)
        decided.numbers = np.sort(best_first(furthest)[:budget])
    graph, numbers = session.graph, decided.numbers
    every = graph.edges if job.level == "edges" else graph.writers
    if None not in state.scans:
        state.scans[None] = Scan(session, [every[number] for number in numbers.tolist()], job.replacement)
    scan = state.scans[None]

    def so_far() -> MethodResult:
        values, measured = estimates.mean(axis=0), np.zeros(estimates.shape[1], dtype=bool)
        scored = ~np.isnan(scan.effects)
        measured[numbers[scored]] = True
        values[numbers[scored]] = -scan.effects[scored]
        return MethodResult(
            values, 1.0 if scored.all() else share + (1 - share) * scan.done / len(scan), measured=measured
        )

    for _ in within(scan.parts(job.cancelled), share):
        if scan.done < len(scan):
            yield so_far()
    yield so_far()


def _estimate(job: Job, share: float) -> NDArray[np.float64]:
    """What the gradient says of every target at a point, a share of the way from B to A: [targets]."""
    import torch

    from core.tracing.attribution import first_row, gradients_at, scores_of
    from core.tracing.methods.eap import mean_embedding

    session = job.session
    b = session.engine.counterfactual()
    first = first_row(session, job.replacement)
    with torch.no_grad():
        a = session.engine.clean().embedding
        start = mean_embedding(session) if b is None else b.embedding
        point = start + share * (a - start)
    job.check()
    return scores_of(job, [gradients_at(session, point, first)], first)


def _positions(job: Job) -> Iterator[MethodResult]:
    """Every node at every position, from the last position back: the later, the fewer rows are computed."""
    from core.engine.replacement import ablation
    from core.scan import Scan

    scans = job.state(ScanState).scans
    session, graph = job.session, job.session.graph
    length = common_length([session.pair])
    first = ablation(job.replacement).first_row(session.engine)  # nothing differs before it
    effects = np.zeros((graph.n_writers, session.engine.length))
    effects[:, first:length] = np.nan
    total = int(np.isnan(effects).sum())
    for position in reversed(range(first, length)):
        scan = scans.setdefault(position, Scan(session, "nodes", job.replacement, positions=[position]))
        effects[:, position] = scan.effects  # of before it was cancelled
        unscored = int(np.isnan(effects).sum())
        done = 1 - (unscored + scan.done) / total
        for _ in within(scan.parts(job.cancelled), done, done + len(effects) / total):
            effects[:, position] = scan.effects
            unscored = int(np.isnan(effects).sum())
            if unscored:
                yield MethodResult(-effects, 1 - unscored / total)
    yield MethodResult(-effects)
