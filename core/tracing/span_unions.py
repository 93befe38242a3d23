"""The circuit of edges at spans that has a given union. Imports no torch.

An edge stands in the order of the edges by its best span (`Scores.union`). So the circuit at spans whose union is given
is that of its edges, at the spans that are no worse than the best one of its weakest edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.tracing.order import best_first

if TYPE_CHECKING:
    from core.tracing.scores import Scores


def at_spans(scores: Scores, edges: NDArray[np.int64]) -> Circuit:
    """The circuit at spans whose union has these edges, the best first. scores: of edges at spans."""
    weights = scores.at_spans[edges]
    if scores.kept is not None:
        places, at = np.nonzero(scores.kept[edges])
    else:
        places, at = np.nonzero(weights >= weights.max(axis=1).min(initial=np.inf))
    order = best_first(weights[places, at])
    best_edges, at = edges[places[order]], at[order]
    return Circuit(scores.graph, best_edges, scores.values[best_edges, at], spans=scores.spans, at=at)
