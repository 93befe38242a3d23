"""The strongest of scores, by name, for what a command reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.circuit import AT

if TYPE_CHECKING:
    from core.tracing.scores import Scores


def strongest(scores: Scores, count: int) -> list[tuple[str, float]]:
    """The largest scores whatever their sign, by name."""
    values = scores.values.ravel()
    order = [int(i) for i in np.argsort(-np.abs(values), kind="stable")[:count] if np.isfinite(values[i])]
    return [(name_of(scores, i), float(values[i])) for i in order]


def name_of(scores: Scores, index: int) -> str:
    """What a score is of: an edge, a node, either at a place."""
    if scores.level == "edges":
        return scores.graph.edge(index).name
    if scores.level == "edge-spans":
        edge, span = divmod(index, len(scores.spans))
        return f"{scores.graph.edge(edge).name}{AT}{scores.spans[span]}"
    if scores.level == "nodes":
        return scores.graph.writers[index].name
    node, position = divmod(index, scores.values.shape[1])
    return f"{scores.graph.writers[node].name}@{position}"
