"""Exact scan: every edge (node, node at a position) is really replaced, one at a time, and the metric read.

Steps:
1. Make each edit alone in A's run; edits that first act at the same place share all that comes before, and go through
   the rest of the model together (`core.scan`). The last layers come first, as they are quickest.
2. The score is minus the effect: the metric without the edit less that with it.

Source: activation patching edge by edge (Wang et al. 2022, "Interpretability in the Wild", path patching of single
edges; Goldowsky-Dill et al. 2023). Nothing is an estimate here, and the scores of several edges do not add up.

Cost: one run a target over the layers behind it: some 0.15 forwards an edge. Do not use it on all edges of a large
model (the 70,000 of SmolLM2 take a quarter of an hour for one pair); score its nodes, or take a gradient method and
measure what it finds. Nor where components stand in for each other: alone, neither of them changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.errors import InputError
from core.scan import Scan
from core.tracing.job import Found, Job


def exact_scan(job: Job) -> Iterator[Found]:
    if job.level == "positions":
        yield from _positions(job)
        return
    scan = job.memory.setdefault("scan", Scan(job.session, job.level, job.replacement))
    for _ in scan.parts(job.cancelled):
        if scan.done < len(scan):
            yield Found(-scan.effects, scan.done / len(scan))
    yield Found(-scan.effects)


def _positions(job: Job) -> Iterator[Found]:
    """Every node at every position, from the last position back: the later, the fewer rows are computed."""
    session, graph = job.session, job.session.graph
    lengths = set(session.pair.clean.lengths)
    if len(lengths) > 1:
        raise InputError(
            "The rows have different lengths, so their positions do not correspond.",
            "Score edges or nodes, or take rows of one length.",
        )
    (length,) = lengths
    first = session.engine.first_patched_row if job.replacement == "patch" else 0  # nothing differs before it
    effects = np.full((graph.n_writers, session.engine.length), np.nan)
    effects[:, :first] = 0.0
    total, done = graph.n_writers * max(length - first, 1), 0
    for position in reversed(range(first, length)):
        scan = Scan(session, "nodes", job.replacement, positions=[position])
        for part in scan.parts(job.cancelled):
            effects[part.numbers, position] = part.effects
            done += len(part.numbers)
            if done < total:
                yield Found(-effects, done / total)
    yield Found(-effects)
