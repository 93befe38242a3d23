"""How a metric meets a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ArgumentError
from core.metrics.metric import METRICS, Asked, BoundMetric, Metric

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.model import Model


def default_metric(model: Model, top: Tensor, answers: int, has_counterfactual: bool) -> Metric:
    """The log-probability of the clean run's top answers [batch]; of two classes their logit difference, which does not
    level off where the model is sure; the cosine where there is no head. answers: how many there are."""
    if model.adapter.shape.output_kind == "embedding":
        return Metric("cosine" if has_counterfactual else METRICS["cosine"].without_b)
    if answers == 2 and model.adapter.shape.output_kind == "classes":
        return Metric("logit_difference", top.tolist(), (1 - top).tolist())
    return Metric("log_probability", top.tolist())


def bind(metric: Metric, model: Model, clean: Tensor, counterfactual: Tensor | None) -> BoundMetric:
    """Look up a metric's answers. clean, counterfactual: the unedited outputs [batch, answers].

    Raises ArgumentError for an unknown kind or one that the model cannot give, InputError for an answer that is several
    tokens.
    """
    from core.precision import widened

    kind = METRICS.named(metric.kind, "metric")
    output = model.adapter.shape.output_kind
    if output not in kind.outputs:
        fit = ", ".join(row.name for row in METRICS.values() if output in row.outputs)
        raise ArgumentError(f"{model.title} gives {output}: no {kind.words} can be read off it.", f"Use: {fit}.")
    return kind.bind(Asked(metric, model, widened(clean), None if counterfactual is None else widened(counterfactual)))
