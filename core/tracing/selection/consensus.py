"""Edges whose sign the pairs agree on (Nikankin et al. 2025, "BlackboxNLP-2025 MIB Shared Task: Improving Circuit
Faithfulness via Better Edge Selection": there by a confidence interval of the mean over some bootstrap draws, here by
the share of the draws themselves).

Steps:
1. Draw as many pairs as there are, with replacement, `DRAWS` times; the mean score of every edge in each draw.
2. An edge is sure where at least `SURE` of the draws give its mean the sign that it has over all pairs.
3. The best edges are those of the highest weight, where an edge that is not sure counts as 0.

So of a signed ranking the sure edges that lead towards A come first, then those that are not sure, and last the sure
ones that lead away. A ranking by size has the sure ones first. It needs the scores of each pair, so it takes a dataset
and a method that scores pairs one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.tracing.order import best_first
from core.tracing.selection.ranked import Indices, Ranked

DRAWS = 200
SURE = 0.95
TOGETHER = 8192  # edges whose draws are held


def sign_agreement(per_pair: NDArray[np.floating], *, draws: int = DRAWS, seed: int = 0) -> NDArray[np.float64]:
    """per_pair: [pairs, edges], the scores of every pair. Gives the share of bootstrap draws in which the mean score
    of an edge has the sign that it has over all pairs, [edges]; 0 where that mean is 0. Raises InputError for one
    pair."""
    pairs, edges = per_pair.shape
    if pairs < 2:
        raise InputError("One pair cannot tell how sure a sign is.", "Trace a dataset of ten pairs or more.")
    weights = np.random.default_rng(seed).multinomial(pairs, np.full(pairs, 1 / pairs), size=draws).astype(np.float64)
    agreement = np.zeros(edges)
    for start in range(0, edges, TOGETHER):
        part = per_pair[:, start : start + TOGETHER].astype(np.float64)
        sign = np.sign(part.mean(axis=0))
        agreement[start : start + TOGETHER] = ((np.sign(weights @ part) == sign) & (sign != 0)).mean(axis=0)
    return agreement


def consensus(ranked: Ranked) -> Indices:
    """All edges, the best first."""
    assert ranked.agreement is not None
    sure = ranked.agreement >= SURE
    order = best_first(ranked.weights)
    counted = np.where(sure | np.isnan(ranked.weights), ranked.weights, 0.0)
    return order[best_first(counted[order])]
