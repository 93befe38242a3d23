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

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.meaning import IN_CIRCUIT
from core.tracing.method import Method
from core.tracing.options import check_count, option, seed_option

if TYPE_CHECKING:
    from core.tracing.acdc_edges import Search

TEST = 0.3  # forwards: of one edge, behind its reader


@dataclass(frozen=True)
class AcdcOptions:
    threshold: float = option(0.01, "an edge below it is removed", title="Threshold", least=0.00001, most=100, digits=5)
    restarts: int = option(1, "of a search, with other orders", title="Restarts", least=1, most=50)
    seed: int = seed_option()

    def __post_init__(self) -> None:
        check_count("restarts", self.restarts)
        if not 0 <= self.threshold < math.inf:
            raise ArgumentError(f"A threshold is a number from 0 on, not {self.threshold:g}.")


@dataclass
class AcdcState:
    """Of edges. total: of the changes that were measured, and count of how many they are, as the scores. kept: by the
    first search, when it is at its end. search: the one that is under way."""

    total: NDArray[np.float64]
    count: NDArray[np.float64]
    kept: NDArray[np.bool_] | None = None
    search: Search | None = None


def acdc(job: Job) -> Iterator[MethodResult]:
    from core.tracing.acdc_edges import Search
    from core.tracing.acdc_nodes import acdc_nodes

    options = job.options_of(AcdcOptions)
    if job.level != "edges":
        yield from acdc_nodes(job, options.threshold, options.restarts, options.seed)
        return
    graph = job.session.graph
    restarts, edges = options.restarts, options.restarts * graph.n_edges
    state = job.state(lambda: AcdcState(np.zeros(graph.n_edges), np.zeros(graph.n_edges)))
    total, count = state.total, state.count
    while count[0] < restarts:  # the first edge is the last to be decided
        if state.search is None:
            restart = int(count[0])
            rng = np.random.default_rng([options.seed, restart]) if restart else None
            state.search = Search(job, options.threshold, rng)
        search = state.search
        done = float(count.sum() / edges)
        with stage(done, done + search.into / edges):
            decided, scores = search.next_reader(job.check)
        total[decided] += scores
        count[decided] += 1
        if search.ended:
            state.kept = search.kept if state.kept is None else state.kept  # of the first search
            state.search = None
        if count[0] < restarts:
            with np.errstate(invalid="ignore"):
                so_far = total / count  # NaN where nothing is tested
            yield MethodResult(so_far, float(count.sum() / edges))
    yield MethodResult(total / restarts, kept=state.kept)


METHOD = Method(
    "acdc",
    "ACDC",
    "edges removed for good, one after the other, where the metric hardly changes; small models",
    acdc,
    takes=AcdcOptions,
    meaning=IN_CIRCUIT,
    joint=True,
    slopes=False,
    slow=True,
    forwards=lambda scored, options: TEST * scored * float(options.restarts),
)
