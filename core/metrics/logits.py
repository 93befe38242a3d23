"""Logits: of a target, and of a target minus a foil."""

from __future__ import annotations

from core.errors import InputError
from core.metrics.answers import Answer, pick
from core.metrics.metric import SCORES, Asked, BoundMetric, Metric, MetricKind


def logit_difference(target: Answer, foil: Answer) -> Metric:
    """Logit of the target minus logit of the foil."""
    return Metric("logit_difference", target, foil)


def class_logit(target: Answer) -> Metric:
    """Logit of a class, or of a token."""
    return Metric("class_logit", target)


def _difference(asked: Asked) -> BoundMetric:
    import torch

    target, foil = asked.target(), asked.foil()
    if torch.equal(target, foil):
        raise InputError("Target and foil are the same answer.", "Choose another foil.")
    words = f"logit({asked.quoted(target)}) − logit({asked.quoted(foil)})"
    ids = (tuple(target.tolist()), tuple(foil.tolist()))
    return BoundMetric(asked.metric, words, lambda x: pick(x, target) - pick(x, foil), *ids)


def _of_class(asked: Asked) -> BoundMetric:
    target = asked.target()
    name = f"logit({asked.quoted(target)})"
    return BoundMetric(asked.metric, name, lambda x: pick(x, target), tuple(target.tolist()))


DIFFERENCE = MetricKind(
    "logit_difference",
    "logit difference",
    SCORES,
    _difference,
    needs_target=True,
    needs_foil=True,
    few_answers=True,
)
OF_CLASS = MetricKind("class_logit", "logit", SCORES, _of_class, needs_target=True, few_answers=True)
