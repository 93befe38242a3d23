"""Integrated edges: what each edge contributes while all of them are opened together.

Steps:
1. Let every edge carry a share s of what its writer adds, and of its replacement 1 - s:
   x_r = reference_r + s * sum over u (out_u - replacement_u). At s = 0 nothing is left of A, at s = 1 it is A's own
   run.
2. At `steps` shares (midpoints), take the gradient at every reader and what every writer adds in that very run.
3. The score of an edge u -> r is the mean over the shares of (out_u - replacement_u) . gradient_r.

That is the integral of the metric's derivative by the edge's own share, so the scores of *all* edges add up to
m(A) - m(nothing) (Aumann and Shapley 1974; on inputs, Sundararajan et al. 2017, "Axiomatic Attribution for Deep
Networks"). An edge is judged in circuits of all sizes, with the others there in part, which is where faithfulness
curves test it: EAP and EAP-IG judge it in the whole model alone.

It is auto-circuit's `mask_gradient_prune_scores` with `integrated_grad_samples` (Miller et al. 2024, "Transformer
Circuit Faithfulness Metrics are not Robust"), at midpoints: there the points are k / samples, both ends among them.

Cost: `steps` forwards and backwards, and as many matrix products a layer. Takes any replacement; with zero, a model
with RMSNorms leaps where its streams leave 0, and the scores add up only with very many steps. Do not use it to predict
the effect of one edit in the whole model: that is what an exact scan measures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.method import Method, runs_by_steps
from core.tracing.options import LEVELS, StepsOptions


@dataclass
class IntegralState:
    """total: the steps' part of the mean that are done."""

    steps: int = 0
    total: NDArray[np.float64] | float = 0.0


def integrated_edges(job: Job) -> Iterator[MethodResult]:
    from core.engine.circuit_reference import Reference
    from core.engine.gradients import EdgeInterpolation, ReaderGradients
    from core.tracing.attribution import first_row, products
    from core.tracing.losses import Losses

    session, steps, state = job.session, job.options_of(StepsOptions).steps, job.state(IntegralState)
    engine = session.engine
    first = first_row(session, job.replacement)
    reference = Reference(engine, job.replacement, full=True)
    below = engine.clean(full=True) if first > 0 else None
    while (step := state.steps) < steps:
        job.check()
        done = step / steps, (step + 1) / steps
        partly = EdgeInterpolation((step + 0.5) / steps, lambda reader: reference.whole_stream(reader))
        with stage(*done), stage(0.0, 0.8):
            run = ReaderGradients(
                session.model.adapter,
                engine.clean().embedding,
                engine.reads,
                session.reading.slope(engine.batch),
                engine.grid,
                partly=partly,
                below=below,
                first=first,
            )
        with stage(*done), stage(0.8, 1.0):
            at_step = products(job, [run], Losses(session, job.replacement, first, run)) / steps
        state.total = at_step if step == 0 else state.total + at_step
        state.steps = step + 1
        if step + 1 < steps:
            yield MethodResult(state.total * steps / (step + 1), (step + 1) / steps)
    yield MethodResult(np.asarray(state.total))


METHOD = Method(
    "integrated-edges",
    "Integrated edges",
    "gradients averaged while all edges are opened together; scores of all edges add up",
    integrated_edges,
    takes=StepsOptions,
    levels=LEVELS,
    by_row=True,
    adds_up="all",
    forwards=runs_by_steps,
)
