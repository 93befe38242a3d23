"""Completeness: what the scores of an integrated method add up to (Sundararajan et al. 2017, "Axiomatic Attribution for
Deep Networks", section 3).

An integral along a way from "nothing of A" to A is the whole change of the metric, m(A) - m(nothing). With a few points
it is a sum, and misses the integral where the metric leaps between two of them: most where the answer turns over on the
way, as in prompts of which A and B are each other's opposite. How much it misses says whether there were enough
points.
"""

from __future__ import annotations

import numpy as np

from core.edit_kinds import KINDS
from core.graph import Node
from core.tracing.method import METHODS
from core.tracing.scores import Scores


def sum_of_scores(scores: Scores) -> float | None:
    """What the scores that add up to m(A) - m(nothing) add up to; None where the method's do not.

    Those of all edges, or for a method whose way is the input's alone those of the edges out of `input`, and then with
    B's values in place of what is removed, which is where its way begins."""
    method = METHODS.get(scores.method)
    if method is None or method.adds_up is None or np.isnan(scores.values).any():  # of a circuit alone, or of a part
        return None
    if method.adds_up == "all":
        return float(scores.values.sum())
    if not KINDS[scores.replacement].from_b:
        return None
    return scores.of_node(Node("input"))
