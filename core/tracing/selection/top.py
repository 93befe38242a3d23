"""The edges of the highest weight, one by one, whatever they are connected to; ties go to the lower index. What a
search has kept comes before all else."""

from __future__ import annotations

from core.tracing.order import best_first
from core.tracing.selection.ranked import Indices, Ranked


def top(ranked: Ranked) -> Indices:
    """All edges, the best first."""
    return best_first(ranked.weights, ranked.kept)
