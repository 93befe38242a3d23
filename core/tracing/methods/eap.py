"""Edge attribution patching (Syed et al. 2023, "Attribution Patching Outperforms Automated Circuit Discovery").

Steps:
1. Run A; take the gradient of the metric at every reader's input.
2. The score of an edge u -> r is (out_u - replacement_u) . gradient_r, summed over positions; at a span of positions
   the sum is over these.

Cost: one forward and one backward pass, a run over B for the values, and a matrix product a layer. Where A and B
differ from early on, the forward is A's own run too, so that a new session makes no other. Do not use it where the
metric is flat at A (KL), nor where effects saturate: at an A of which the model is sure, small changes do little and
large ones much. Use an integrated method there.

On the same graph it is what EAP-IG's code gives for "EAP"; there K and V of a group of heads are copied for each head,
so that its edges are more, and their scores parts of these.

Metrics that are flat at A (KL, the cosine to A) are taken half-way to B, or without a B half-way to A's mean embedding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.method import Method
from core.tracing.options import LEVELS

if TYPE_CHECKING:
    from torch import Tensor

    from core.engine.gradients import ReaderGradients
    from core.models.adapter import Adapter
    from core.session import Session

RUNS = 0.8  # of the time, about; the rest are products
GRADIENTS = 0.6  # of it, with the run over B behind them


def eap(job: Job) -> Iterator[MethodResult]:
    from core.tracing.attribution import first_row, scores_of

    first = first_row(job.session, job.replacement)
    with stage(0.0, GRADIENTS):
        run = gradients(job.session, first)
    with stage(GRADIENTS, RUNS):
        job.session.prepare()
    with stage(RUNS, 1.0):
        scores = scores_of(job, run, first)
    yield MethodResult(scores)


def gradients(
    session: Session,
    first: int = 0,
    through: Callable[[Adapter], Adapter] | None = None,
    kind: type[ReaderGradients] | None = None,
) -> list[ReaderGradients]:
    """The gradients that EAP takes, from row `first` on: of one run, at A or, of a metric that is flat there,
    half-way. through: makes an adapter that takes them in another way. kind: of gradients, where not those of
    a single pass back."""
    import torch

    from core.engine.gradients import ReaderGradients
    from core.metric_reading import unchanged
    from core.tracing.attribution import gradients_at, gradients_at_clean

    a = session.engine.embedding
    if not session.metric.row.distance:
        if through is None and kind is None:
            return [gradients_at_clean(session, first)]
        return [gradients_at(session, a, first, through or unchanged, kind or ReaderGradients)]
    b = session.engine.counterfactual()
    with torch.no_grad():
        away = mean_embedding(session) if b is None else b.embedding
        half = (a + away) / 2
    return [gradients_at(session, half, first, through or unchanged, kind or ReaderGradients)]


METHOD = Method(
    "eap",
    "EAP",
    "gradients at A",
    eap,
    levels=LEVELS,
    by_row=True,
    gradients=lambda session, options: gradients(session),
    makes_clean=True,
)


def mean_embedding(session: Session) -> Tensor:
    """A's embedding at every position its mean over the row's real positions: [batch, position, width]."""
    import torch

    a = session.engine.embedding
    lengths = torch.tensor(session.engine.extent.lengths, device=a.device)
    real = (torch.arange(a.shape[1], device=a.device) < lengths[:, None])[:, :, None]
    return (torch.where(real, a, 0).sum(dim=1) / lengths[:, None])[:, None].expand_as(a)
