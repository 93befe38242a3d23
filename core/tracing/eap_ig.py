"""EAP with integrated gradients on inputs (Hanna et al. 2024, "Have Faith in Faithfulness", section 3).

Steps:
1. Take the gradients at `steps` embeddings on the straight line from B's to A's, and average them. The steps are
   midpoints, (i + 1/2) / steps.
2. The score of an edge u -> r is (out_u - replacement_u) . average gradient_r, summed over positions.

So the scores of the edges out of `input`, where all paths begin, add up to m(A) - m(B): that is the integral along the
line. Those of other nodes do not: their values do not move along straight lines meanwhile.

Cost: `steps` forwards and backwards, and one matrix product a layer. It needs a B. Do not use it where a picture or
text half-way between A and B is far from all that the model knows: the integral is of a path, and takes what lies on
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from core.engine.gradients import ReaderGradients
from core.session import Session
from core.tracing.attribution import counterfactual_embedding, first_row, gradients_at, scores_of
from core.tracing.job import Found, Job


def eap_ig(job: Job) -> Iterator[Found]:
    first = first_row(job.session, job.replacement)
    yield Found(scores_of(job, gradients(job.session, job.options.steps, first, job.check), first))


def gradients(
    session: Session, steps: int, first: int = 0, check: Callable[[], None] = lambda: None
) -> list[ReaderGradients]:
    """The gradients that are averaged, from row `first` on: one run a step. check: called between them. Raises
    EditError without a B."""
    b = counterfactual_embedding(session)
    a = session.engine.clean().embedding
    found = []
    for step in range(steps):
        check()
        found.append(gradients_at(session, b + (step + 0.5) / steps * (a - b), first))
    return found
