"""Exact scan: every edge (node, node at a position) is really replaced, one at a time, and the metric read.

Steps:
1. Make each edit alone in A's run; edits that first act at the same place share all that comes before, and go through
   the rest of the model together (`core.scan`). The last layers come first, as they are quickest.
2. The score is minus the effect: the metric without the edit less that with it.

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

from core.progress import within
from core.tracing.job import Found, Job, common_length
from core.tracing.meaning import MEASURED
from core.tracing.method import Method

if TYPE_CHECKING:
    from core.scan import Scan

RUN = 0.15  # forwards: of one edit, behind its layer


@dataclass
class ScanState:
    """The scans as far as they have come: one, or of nodes at positions one a position."""

    scans: dict[int | None, Scan] = field(default_factory=dict)


def exact_scan(job: Job) -> Iterator[Found]:
    from core.scan import Scan

    if job.level == "positions":
        yield from _positions(job)
        return
    scans = job.state(ScanState).scans
    scan = scans.setdefault(None, Scan(job.session, job.level, job.replacement))
    for _ in scan.parts(job.cancelled):
        if scan.done < len(scan):
            yield Found(-scan.effects, scan.done / len(scan))
    yield Found(-scan.effects)


METHOD = Method(
    "exact-scan",
    "Exact scan",
    "every edit really made, one at a time",
    exact_scan,
    meaning=MEASURED,
    slopes=False,
    slow=True,
    forwards=lambda scored, options: RUN * scored,
)


def _positions(job: Job) -> Iterator[Found]:
    """Every node at every position, from the last position back: the later, the fewer rows are computed."""
    from core.replacements.table import ablation
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
        left = int(np.isnan(effects).sum())
        done = 1 - (left + scan.done) / total
        for _ in within(scan.parts(job.cancelled), done, done + len(effects) / total):
            effects[:, position] = scan.effects
            left = int(np.isnan(effects).sum())
            if left:
                yield Found(-effects, 1 - left / total)
    yield Found(-effects)
