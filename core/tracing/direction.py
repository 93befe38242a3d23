"""A's direction: whether what A does raises the metric or lowers it.

    direction = sign of m(whole model) - m(empty circuit), each m the mean over all pairs

+1 for the logit difference of A's answer to B's; -1 for KL, and wherever A scores lower than B. The score of an edge
is minus the effect of removing it, in the unit of the metric: the edges that make A's behaviour are those whose score
times the direction is high. With `patch` the empty circuit is B's run. Where both score alike (a difference below
FLAT), there is no direction: 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from core.circuit import Circuit
from core.edit_kinds import KINDS
from core.edits import EditKind
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.over_pairs import metric_name, sessions_over
from core.tracing.scores import Scores

FLAT = 1e-6  # of a metric: below it, A and B score alike

Direction = Literal[-1, 0, 1]


def gap(session: Session, replacement: EditKind, cancelled: Callable[[], bool] | None = None) -> float | None:
    """m(whole model) - m(empty circuit), summed over a session's rows; None for `patch` without a B. Raises
    Cancelled."""
    if KINDS[replacement].from_b:
        empty = session.counterfactual
        if empty is None:
            return None
    else:
        nothing = Circuit(session.graph, np.empty(0, dtype=np.int64))
        empty = session.run_circuit(nothing, replacement, cancelled)
    return float((session.clean.metric.cpu().double() - empty.metric.cpu().double()).sum())


def direction_of_gap(mean: float) -> Direction:
    """mean: of the gaps of all pairs."""
    if not abs(mean) >= FLAT:  # also where it is not finite
        return 0
    return 1 if mean > 0 else -1


def measured_direction(
    session: Session,
    replacement: EditKind,
    dataset: Dataset | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Direction | None:
    """Over the session's own pair, or a dataset; None for `patch` without a B. Raises Cancelled."""
    sessions = [session] if dataset is None else sessions_over(session, dataset)
    gaps, pairs = 0.0, 0
    for each in sessions:
        gap_of_batch = gap(each, replacement, cancelled)
        if gap_of_batch is None:
            return None
        gaps, pairs = gaps + gap_of_batch, pairs + each.pair.batch
    return direction_of_gap(gaps / pairs)


def directed(
    scores: Scores,
    session: Session,
    dataset: Dataset | None = None,
    cancelled: Callable[[], bool] | None = None,
    metric: str = "",
) -> Scores:
    """Scores that do not know their direction, with that of a session's metric over its pair or a dataset. As they are
    where they know it, where their sign says nothing, or where they are said to be of another metric. metric: a
    further name of the session's. Raises Cancelled."""
    if scores.direction is not None or not scores.signed:
        return scores
    if scores.about.get("metric") not in (None, metric_name(session, dataset), session.metric.name, metric):
        return scores
    return replace(scores, direction=measured_direction(session, scores.replacement, dataset, cancelled))
