"""EAP with integrated gradients on inputs (Hanna et al. 2024, "Have Faith in Faithfulness", section 3).

Steps:
1. Take the gradients at `steps` embeddings on the straight line from B's to A's, and average them. The steps are
   midpoints, (i + 1/2) / steps.
2. The score of an edge u -> r is (out_u - replacement_u) . average gradient_r, summed over positions.

So the scores of the edges out of `input`, where all paths begin, add up to m(A) - m(B): that is the integral along the
line. Those of other nodes do not: their values do not move along straight lines meanwhile.

It differs from EAP-IG's code in its points alone: that sums from the left, at k / steps, and never reaches A; midpoints
are nearer to the integral, and with as many steps the sums come out closer.

Cost: `steps` forwards and backwards, and one matrix product a layer. It needs a B. Do not use it where a picture or
text half-way between A and B is far from all that the model knows: the integral is of a path, and takes what lies on
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.progress import stage, unwatched
from core.tracing.job import Job, MethodResult
from core.tracing.method import Method, runs_by_steps
from core.tracing.methods.eap import RUNS
from core.tracing.options import LEVELS, StepsOptions

if TYPE_CHECKING:
    from core.engine.gradients import ReaderGradients
    from core.session import Session

TOGETHER = 5  # steps whose gradients are held and then averaged in one go
HELD_BYTES = 2**31  # of gradients of long prompts, of which fewer steps are held


@dataclass
class EapIgState:
    """total: the scores summed over the steps that are done. held: gradients of further steps, not averaged yet."""

    steps: int = 0
    total: NDArray[np.float64] | float = 0.0
    held: list[ReaderGradients] = field(default_factory=list)


def eap_ig(job: Job) -> Iterator[MethodResult]:
    from core.tracing.attribution import first_row

    session, steps, state = job.session, job.options_of(StepsOptions).steps, job.state(EapIgState)
    first = first_row(session, job.replacement)
    step_gradients = state.held
    together = steps_together(session)
    while (done := state.steps) < steps:
        count = min(together, steps - done)
        try:
            while len(step_gradients) < count:
                job.check()
                step = done + len(step_gradients)
                with stage(step / steps, (step + RUNS) / steps):
                    step_gradients.append(gradient_at_step(session, step, steps, first))
            with stage((done + count * RUNS) / steps, (done + count) / steps):
                products = _weighted(job, step_gradients, first, count)
        except Cancelled:
            if step_gradients:  # what these steps say is not lost; they are averaged with the others later on
                with unwatched():
                    so_far = _weighted(replace(job, cancelled=None), step_gradients, first, len(step_gradients))
                yield MethodResult(
                    (state.total + so_far) / (done + len(step_gradients)), (done + len(step_gradients) * RUNS) / steps
                )
            raise
        state.total = products if done == 0 else state.total + products
        state.steps = done + count
        step_gradients.clear()
        if done + count < steps:
            yield MethodResult(state.total / (done + count), (done + count) / steps)
    yield MethodResult(np.asarray(state.total) / steps)


METHOD = Method(
    "eap-ig",
    "EAP-IG",
    "gradients averaged from B to A",
    eap_ig,
    takes=StepsOptions,
    levels=LEVELS,
    needs_counterfactual=True,
    by_row=True,
    adds_up="input",
    forwards=runs_by_steps,
    held=lambda options: min(TOGETHER, options.steps),
    gradients=lambda session, options: gradients(session, options.steps),
)


def steps_together(session: Session) -> int:
    """How many steps' gradients have room at once."""
    from core.engine.sizes import gradient_bytes

    _, kept = gradient_bytes(session.model.adapter, session.engine.batch * session.engine.length)
    return max(1, min(TOGETHER, HELD_BYTES // kept))


def _weighted(job: Job, held: list[ReaderGradients], first: int, count: int) -> NDArray[np.float64]:
    """The scores by the mean of some gradients, times their number."""
    from core.tracing.attribution import scores_of

    return scores_of(job, held, first) * count


def gradients(
    session: Session, steps: int, first: int = 0, check: Callable[[], None] = lambda: None
) -> list[ReaderGradients]:
    """The gradients that are averaged, from row `first` on: one run a step. check: called between them. Raises
    EditError without a B."""
    runs = []
    for step in range(steps):
        check()
        with stage(step / steps, (step + 1) / steps):
            runs.append(gradient_at_step(session, step, steps, first))
    return runs


def gradient_at_step(session: Session, step: int, steps: int, first: int = 0) -> ReaderGradients:
    """Those of one step. Raises EditError without a B."""
    from core.tracing.attribution import counterfactual_embedding, gradients_at

    b = counterfactual_embedding(session)
    a = session.engine.clean().embedding
    return gradients_at(session, b + (step + 0.5) / steps * (a - b), first)
