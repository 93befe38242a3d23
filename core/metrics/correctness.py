"""Whether an answer is the top one: the target, or that of the unedited run. It jumps and has no gradient."""

from __future__ import annotations

from core.metrics.answers import Answer, is_top
from core.metrics.metric import SCORES, Asked, BoundMetric, Metric, MetricKind


def accuracy(target: Answer | None = None) -> Metric:
    """1 where the target is the top answer, else 0: its mean over a batch is the share of right answers. Without a
    target, 1 where the top answer is that of the unedited run.

    It jumps and has no gradient: trace with `logit_difference`, and evaluate with this."""
    return Metric("same_answer") if target is None else Metric("accuracy", target)


def _of_target(asked: Asked) -> BoundMetric:
    target = asked.target()
    name = f"accuracy({asked.quoted(target)})"
    return BoundMetric(asked.metric, name, lambda x: is_top(x, target), tuple(target.tolist()))


def _of_clean(asked: Asked) -> BoundMetric:
    top = asked.clean.argmax(dim=-1)
    return BoundMetric(asked.metric, OF_CLEAN.words, lambda x: is_top(x, top))


OF_TARGET = MetricKind("accuracy", "accuracy", SCORES, _of_target, needs_target=True, graded=False)
OF_CLEAN = MetricKind("same_answer", "same answer as A", SCORES, _of_clean, graded=False)
