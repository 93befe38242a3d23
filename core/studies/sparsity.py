"""How few edges recover most of a behaviour, and how often the scores that they are ranked by are wrong.

Sparsity: edges are scored on one half of the pairs (`core.tracing`; patched from B), and circuits of those of the
largest scores, whatever their sign (as MIB's CMD wants them), are really run on the other half, every other edge
carrying its value in B. The figure is the share of all edges of the smallest of the sizes run from which on all recover
80 % (`core.evaluation.measured`); beside it the same of edges drawn at random. Between two sizes it is interpolated on
the logarithm of the size.

Disagreement: of each pair by itself, its N edges of the largest scores. Each is really patched, alone, in the whole
model (`core.scan`). Spearman's rank correlation of estimated and exact effects, and the share of edges whose sign the
estimate has wrong, of those whose exact effect is more than rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.evaluation.agreement import rank_correlation
from core.evaluation.measured import Measured, measure
from core.progress import stage
from core.scan import Scan
from core.session import Session
from core.studies.estimate import Estimate, Floats, Rows, estimate
from core.tracing.direction import FLAT
from core.tracing.trace import trace

SHARE = 0.8  # of the behaviour
SIZES = 25  # of circuits, evenly on a logarithmic scale
NIL = 1e-4  # of the largest exact effect of a pair: below it, a sign is rounding's

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sparsity:
    """sizes: of circuits, rising, the last one all edges. best, random: what they do [sizes, pairs], of the edges with
    the largest scores, and of each draw of random ones."""

    sizes: tuple[int, ...]
    best: Measured
    random: tuple[Measured, ...]

    def share(self) -> Estimate:
        return estimate(lambda rows: self._needed(self.best, rows), self.best.pairs)

    def random_share(self) -> Estimate:
        def mean(rows: Rows) -> float:
            needed = [self._needed(each, rows) for each in self.random]
            return float(np.exp(np.mean(np.log(needed))))

        return estimate(mean, self.best.pairs)

    def _needed(self, runs: Measured, rows: Rows) -> float:
        """The share of edges; NaN where A and B score alike."""
        if abs(float(runs.whole[rows].mean()) - float(runs.nothing[rows].mean())) < FLAT:
            return float("nan")
        return needed(self.sizes, runs.recovered(rows))


def needed(sizes: tuple[int, ...], recovered: Floats) -> float:
    """The share of all edges (the last size) that SHARE takes. sizes rise; recovered: what each recovers."""
    short = np.flatnonzero(recovered < SHARE)
    place = int(short[-1]) + 1 if len(short) else 0
    if place == len(sizes):
        return 1.0
    if place == 0:
        return sizes[0] / sizes[-1]
    (low, high), (below, above) = np.log(sizes[place - 1 : place + 1]), recovered[place - 1 : place + 1]
    return float(np.exp(low + (SHARE - below) / (above - below) * (high - low)) / sizes[-1])


def sizes_of(edges: int) -> tuple[int, ...]:
    """Of the circuits of so many edges."""
    return tuple(sorted({round(size) for size in np.geomspace(1, edges, SIZES)}))


def best_edges(search: Session, method: str) -> Numbers:
    """All edges, the largest scores over a session's pairs first. Raises EditError without a B, Cancelled."""
    scores = trace(search, method, replacement="patch")
    return scores.select(search.graph.n_edges, by_size=True).edges


def drawn_edges(edges: int, draw: int, seed: int) -> Numbers:
    """All edges in a random order: one of the draws of a seed."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(edges) for _ in range(draw + 1)]
    return drawn[draw].astype(np.int64)


def run_sizes(judged: Session, ranking: Numbers) -> Measured:
    """What circuits of the first edges of a ranking do over a session's pairs, at each of the sizes. Raises
    NothingToRecoverError where the whole model and B score alike, EditError without a B, Cancelled."""
    circuits = [Circuit(judged.graph, ranking[:size]) for size in sizes_of(judged.graph.n_edges)]
    runs = measure(judged, circuits, "patch")
    runs.recovered()
    return runs


@dataclass(frozen=True, eq=False)
class Disagreement:
    """edges: of each pair. correlation, wrong_sign: [pairs]; the latter NaN where no effect is more than rounding."""

    edges: int
    correlation: Floats
    wrong_sign: Floats


def disagreement(session: Session, row: int, method: str, edges: int) -> tuple[float, float]:
    """Of one pair of a session: rank correlation, and the share of wrong signs. edges: at most so many of its largest
    estimates. Raises EditError without a B, Cancelled."""
    part = session.part(range(row, row + 1))
    with stage(0.0, 0.2):
        scores = trace(part, method, replacement="patch")
    numbers = scores.strongest(min(edges, session.graph.n_edges))
    estimated = -scores.values[numbers]
    with stage(0.2, 1.0):
        exact = Scan(part, [session.graph.edge(int(number)) for number in numbers], "patch").run()
    told = np.abs(exact) > NIL * np.abs(exact).max()
    wrong = float((np.sign(estimated[told]) != np.sign(exact[told])).mean()) if told.any() else float("nan")
    return rank_correlation(estimated, exact), wrong
