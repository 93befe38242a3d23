"""The probability of an answer, and its logarithm."""

from __future__ import annotations

from core.metrics.answers import Answer, pick
from core.metrics.metric import SCORES, Asked, BoundMetric, Metric, MetricKind


def probability(target: Answer) -> Metric:
    """Probability of the target."""
    return Metric("probability", target)


def log_probability(target: Answer) -> Metric:
    """Natural logarithm of the target's probability."""
    return Metric("log_probability", target)


def _probability(asked: Asked) -> BoundMetric:
    target = asked.target()
    name = f"p({asked.quoted(target)})"
    return BoundMetric(asked.metric, name, lambda x: pick(x.softmax(dim=-1), target), tuple(target.tolist()))


def _logarithm(asked: Asked) -> BoundMetric:
    target = asked.target()
    name = f"log p({asked.quoted(target)})"
    return BoundMetric(asked.metric, name, lambda x: pick(x.log_softmax(dim=-1), target), tuple(target.tolist()))


PROBABILITY = MetricKind("probability", "probability", SCORES, _probability, needs_target=True)
LOGARITHM = MetricKind("log_probability", "log-probability", SCORES, _logarithm, needs_target=True)
