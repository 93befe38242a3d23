"""Random scores: the baseline that every method must beat.

Steps:
1. Draw a standard normal number for each edge (node, position, span) by the seed.

Cost: nothing. Do not use it but for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.tracing.job import Job, MethodResult
from core.tracing.meaning import DRAWN
from core.tracing.method import Method
from core.tracing.options import LEVELS, seed_option


@dataclass(frozen=True)
class RandomOptions:
    seed: int = seed_option()


def random_scores(job: Job) -> Iterator[MethodResult]:
    graph = job.session.graph
    sizes = {
        "edges": (graph.n_edges,),
        "nodes": (graph.n_writers,),
        "positions": (graph.n_writers, job.session.pair.length),
        "edge-spans": (graph.n_edges, len(job.spans)),
    }
    yield MethodResult(np.random.default_rng(job.options_of(RandomOptions).seed).standard_normal(sizes[job.level]))


METHOD = Method(
    "random",
    "Random",
    "the baseline",
    random_scores,
    takes=RandomOptions,
    levels=LEVELS,
    meaning=DRAWN,
    replaces=False,
    slopes=False,
    forwards=lambda scored, options: 0.0,
)
