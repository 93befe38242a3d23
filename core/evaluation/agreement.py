"""Agreement: do two rankings, or two kinds of ablation, tell the same story?

Jaccard overlap of the circuits of one size, Spearman's rank correlation of all scores (Spearman 1904; ties get the mean
of their ranks), and the share of edges in both circuits whose signs agree. All are of score x direction: a trace for KL
and one for the logit difference agree where both say that an edge leads towards A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.evaluation.stability import kept, overlap
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores


@dataclass(frozen=True)
class Agreement:
    """overlap: Jaccard of the circuits of `size` edges. rank_correlation: of all edges, -1 to 1. same_sign: share of
    the edges in both circuits. chance: the overlap of two random circuits of that size that share as
    many edges as they do on average."""

    size: int
    overlap: float
    rank_correlation: float
    same_sign: float
    chance: float


def agreement(one: Scores, other: Scores, size: int, *, by_size: bool = False, rule: str | None = None) -> Agreement:
    """Compare two scores of one graph's edges, or edges at spans. rule: by which both circuits are chosen, as in
    `Scores.select`. Raises ArgumentError for scores of another graph or of other things, and for a rule that cannot
    choose."""
    if one.graph != other.graph:
        raise ArgumentError(f"These scores are of other models: {one.graph} and {other.graph}.")
    if one.level not in CIRCUITS or (one.level, one.spans) != (other.level, other.spans):
        raise ArgumentError("Only scores of edges are compared, or of edges at the same spans.", "Trace edges.")
    a, b = (kept(scores.select(size, rule, by_size=by_size)) for scores in (one, other))
    both = a & b
    signs = np.sign(one.towards.ravel()[both]) == np.sign(other.towards.ravel()[both])
    share = size / one.values.size
    return Agreement(
        size=size,
        overlap=overlap(a, b),
        rank_correlation=rank_correlation(one.towards.ravel(), other.towards.ravel()),
        same_sign=float(signs.mean()) if len(signs) else 1.0,
        chance=share / (2 - share),
    )


def rank_correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Spearman's. 0 where one of them is constant. What has no score (NaN) comes last, as in a circuit."""
    a, b = (ranks - ranks.mean() for ranks in (_ranks(np.where(np.isnan(v), -np.inf, v)) for v in (x, y)))
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _ranks(x: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: NDArray[np.float64] = last - (counts - 1) / 2
    return middle[inverse]
