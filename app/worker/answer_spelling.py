"""What is meant by an answer that the metric cannot take, or that is another token than the one that the model says:
mostly a space before it that is missing or too much. Runs in the worker's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.errors import InputError
from core.inputs.answer_tokens import answer_id
from core.metrics import METRICS
from core.models.model import Model
from core.project.metric_choice import MetricChoice
from core.session import Session

LIKELIEST = 10  # answers of A, the likeliest first, that count as what the model goes on with


def fix_of(choice: MetricChoice | None, model: Model, likely: Sequence[str]) -> tuple[str, MetricChoice | None]:
    """A warning about spaces, "" where none is due, and the metric as it was meant, None where that is unknown. likely:
    the model's likeliest answers. Only for text: class names have no spaces that count."""
    kind = METRICS.get(choice.kind) if choice is not None else None
    if choice is None or kind is None or not model.is_text or model.tokenizer is None:
        return "", None
    warning, fixed = "", choice
    for field, needed in (("target", kind.needs_target), ("foil", kind.needs_foil)):
        answer = getattr(choice, field)
        if not needed or not answer.strip():
            continue
        one = _is_one_token(answer, model)
        other = _other_spelling(answer, model)
        if other and not one:
            fixed = replace(fixed, **{field: other})
        elif other and other in likely[:LIKELIEST] and answer not in likely[:LIKELIEST]:
            fixed = replace(fixed, **{field: other})
            warning = f'"{answer}" and "{other}" are two different tokens here, and the model goes on with "{other}".'
    return warning, fixed if fixed != choice else None


def spelling_note(session: Session) -> str:
    """As `fix_of` of a session's metric, with what to write on the command line; "" where nothing is to be said."""
    metric = session.metric.metric
    if session.metric.row.of_reference or not isinstance(metric.target, str) or not isinstance(metric.foil, str | None):
        return ""
    likely = [prediction.label for prediction in session.clean.top(LIKELIEST)]
    warning, fixed = fix_of(MetricChoice(metric.kind, metric.target, metric.foil or ""), session.model, likely)
    if not warning or fixed is None:
        return ""
    words = ":".join(part for part in (fixed.kind, fixed.target, fixed.foil) if part)
    return f"{warning} If that is meant: --metric '{words}'."


def _is_one_token(answer: str, model: Model) -> bool:
    try:
        answer_id(model.tokenizer, answer)
    except InputError:
        return False
    return True


def _other_spelling(answer: str, model: Model) -> str:
    """The same word with one space before it, or without, where that is one token."""
    word = answer.strip()
    spellings = (f" {word}", word, f" {word.capitalize()}")
    return next((other for other in spellings if other != answer and _is_one_token(other, model)), "")
