"""How sure the signs of scores are: what the rule `consensus` chooses by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.errors import ArgumentError
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.method import METHODS
from core.tracing.options import CIRCUITS
from core.tracing.per_pair import scores_per_pair
from core.tracing.scores import Scores
from core.tracing.selection import sign_agreement
from core.tracing.told_options import options_told


def why_no_agreement(method: str, pairs: int) -> str:
    """Why it cannot be told of scores of edges by a method, over so many pairs; empty where it can."""
    row = METHODS.get(method)
    if row is None:
        return "it is not known by which method these edges were scored"
    if row.joint:
        return f"{row.title} scores all pairs together, so there are no scores of each to draw from"
    if not row.meaning.signed:
        return f"the scores of {row.title} have no sign"
    return "one pair cannot tell how sure a sign is" if pairs < 2 else ""


def with_agreement(
    session: Session,
    scores: Scores,
    dataset: Dataset,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> Scores:
    """Scores that know how sure their signs are: every pair of a dataset is scored alone by the method and with the
    options that they name, and the pairs are drawn anew by bootstrap (`core.tracing.selection.consensus`). memory: see
    `scores_per_pair`. Raises ArgumentError where a method gives no such scores, what it raises itself, Cancelled."""
    why_not = f"these are scores of {scores.level}" if scores.level not in CIRCUITS else ""
    why_not = why_not or why_no_agreement(scores.method, len(dataset))
    if why_not:
        raise ArgumentError(f"How sure signs are cannot be told: {why_not}.", "Choose edges by another rule.")
    options = options_told(scores.about)
    rows = scores_per_pair(session, scores.method, dataset, scores.replacement, options, progress, cancelled, memory,
                           scores.spans)  # fmt: skip
    return replace(scores, agreement=sign_agreement(rows, seed=options.seed).reshape(scores.values.shape))
