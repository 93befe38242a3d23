"""Edge attribution patching (Syed et al. 2023, "Attribution Patching Outperforms Automated Circuit Discovery").

Steps:
1. Run A; take the gradient of the metric at every reader's input.
2. The score of an edge u -> r is (out_u - replacement_u) . gradient_r, summed over positions; at a span of positions
   the sum is over these.

Cost: one forward and one backward pass, a run each over A and B for the values, and a matrix product a layer. Do not
use it where the metric is flat at A (KL), nor where effects saturate: at an A of which the model is sure, small changes
do little and large ones much. Use an integrated method there.

On the same graph it is what EAP-IG's code gives for "EAP"; there K and V of a group of heads are copied for each head,
so that its edges are more, and their scores parts of these.

Metrics that are flat at A (KL, the cosine to A) are taken half-way to B, or without a B half-way to A's mean embedding.
"""

from __future__ import annotations

from collections.abc import Iterator
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


def eap(job: Job) -> Iterator[MethodResult]:
    from core.tracing.attribution import first_row, scores_of

    first = first_row(job.session, job.replacement)
    with stage(0.0, RUNS):
        run = gradients(job.session, first)
    with stage(RUNS, 1.0):
        scores = scores_of(job, run, first)
    yield MethodResult(scores)


def gradients(
    session: Session, first: int = 0, adapter: Adapter | None = None, droppable: bool = False
) -> list[ReaderGradients]:
    """The gradients that EAP takes, from row `first` on: of one run, at A or, of a metric that is flat there,
    half-way. adapter: one that takes them in another way. droppable: whether layers may be dropped from them."""
    import torch

    from core.tracing.attribution import gradients_at

    a = session.engine.clean().embedding
    if not session.metric.row.distance:
        return [gradients_at(session, a, first, adapter, droppable)]
    b = session.engine.counterfactual()
    with torch.no_grad():
        away = mean_embedding(session) if b is None else b.embedding
        half = (a + away) / 2
    return [gradients_at(session, half, first, adapter, droppable)]


METHOD = Method(
    "eap",
    "EAP",
    "gradients at A",
    eap,
    levels=LEVELS,
    by_row=True,
    gradients=lambda session, options: gradients(session),
)


def mean_embedding(session: Session) -> Tensor:
    """A's embedding at every position its mean over the row's real positions: [batch, position, width]."""
    import torch

    a = session.engine.clean().embedding
    lengths = torch.tensor(session.engine.extent.lengths, device=a.device)
    real = (torch.arange(a.shape[1], device=a.device) < lengths[:, None])[:, :, None]
    return (torch.where(real, a, 0).sum(dim=1) / lengths[:, None])[:, None].expand_as(a)
