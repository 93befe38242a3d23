"""RelP (Rezaei Jafari et al. 2025, "RelP: Faithful and Efficient Circuit Discovery in Language Models via Relevance
Patching"): EAP with relevance in the place of the gradient.

Steps:
1. Run A. Go back with the rules of layer-wise relevance propagation (`core.tracing.relevance`): norms with a constant
   scale, activations as x times a constant, half of the gradient to each factor of a product, the attention pattern
   constant.
2. The score of an edge u -> r is (out_u - replacement_u) . that at r, summed over positions.

So the model is taken for linear, with the slopes from 0 that lead to A's values instead of the tangents at A, which are
noisy where a function bends. Without biases, relevance is conserved: for zero, the edges out of `input` add up to the
logit. The pattern being constant, edges into queries and keys get 0.

Cost: that of EAP. Language models only: in early layers of vision transformers relevance explodes. Do not use it to
find what decides where heads look; nor with a mixture of experts, whose router has no rule: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.method import Method
from core.tracing.methods import eap
from core.tracing.options import LEVELS


def relp(job: Job) -> Iterator[MethodResult]:
    from core.tracing.attribution import first_row, scores_of
    from core.tracing.relevance import with_relevance

    first = first_row(job.session, job.replacement)
    with stage(0.0, eap.RUNS):
        gradients = eap.gradients(job.session, first, with_relevance)
    with stage(eap.RUNS, 1.0):
        scores = scores_of(job, gradients, first)
    yield MethodResult(scores)


METHOD = Method(
    "relp",
    "RelP",
    "shares of the output, followed back through A's own run by rules instead of gradients",
    relp,
    levels=LEVELS,
    text_only=True,
    by_row=True,
)
