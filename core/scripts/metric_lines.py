"""A metric, the answers that it compares, and pinned answers, as the API takes them."""

from __future__ import annotations

from core.metrics import METRICS
from core.project.document import Document, PairSource
from core.project.metric_choice import MetricChoice
from core.scripts import literals as py

BY_NUMBER = "id:"  # how a pin names an answer whose text does not lead back to it


def metric_line(document: Document) -> str:
    """The metric as the API makes it; "None" for the session's own."""
    choice = document.metric
    if choice is None or not choice.kind:
        return "None"
    row = METRICS.get(choice.kind)
    if row is not None and row.without_b and document.counterfactual is None:
        choice, row = MetricChoice(row.without_b), METRICS.get(row.without_b)
    if row is not None and not row.graded:  # which the window shows the usual one for
        return "None"
    target = py.quoted(choice.target) if row is not None and (row.needs_target or row.of_reference) else None
    foil = py.quoted(choice.foil) if row is not None and row.needs_foil else None
    answers = [answer for answer in (target, foil) if answer is not None]
    functions = {"logit_difference", "probability", "log_probability", "class_logit", "kl"}
    if choice.kind in functions:
        return f"ws.{choice.kind}({', '.join(answers)})"
    return py.call("ws.Metric", py.quoted(choice.kind), *answers)


def answers_of(row: PairSource, choice: MetricChoice | None) -> tuple[str, ...]:
    """Target and foil of a row; none where the metric has none, or is the answer of each row's own A."""
    if choice is None or not choice.kind:
        return (row.target, row.foil or row.target) if row.target else ()
    kind = METRICS.get(choice.kind)
    if kind is None or not kind.needs_target:
        return ()
    target = row.target or choice.target
    return (target, (row.foil or choice.foil) if kind.needs_foil else target)


def pin_line(pin: str) -> str:
    number = pin.strip().removeprefix(BY_NUMBER)
    return number if pin.strip().startswith(BY_NUMBER) and number.isdecimal() else py.quoted(pin)
