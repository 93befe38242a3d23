"""How far the output's distribution is from the unedited run's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.metrics.metric import SCORES, Asked, BoundMetric, Metric, MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def kl() -> Metric:
    """Kullback-Leibler divergence from the clean run's distribution, in nats: sum of p_clean log(p_clean /
    p)."""
    return Metric("kl")


def _kl(asked: Asked) -> BoundMetric:
    import torch.nn.functional as F

    reference = asked.clean.log_softmax(dim=-1)

    def read(x: Tensor) -> Tensor:
        divergence = F.kl_div(x.log_softmax(dim=-1), reference, log_target=True, reduction="none").sum(dim=-1)
        return divergence - divergence.detach().clamp(max=0)  # what is below 0 is rounding; the gradient stays

    return BoundMetric(asked.metric, KL.words, read)


KL = MetricKind("kl", "KL to clean", SCORES, _kl, distance=1)
