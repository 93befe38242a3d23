"""One circuit as the scores it was chosen from would be, as far as it knows them."""

from __future__ import annotations

import numpy as np

from core.circuit import Circuit
from core.edits import KINDS
from core.errors import InputError
from core.tracing.meaning import told_direction
from core.tracing.options import Level
from core.tracing.scores import Scores


def scores_of_circuit(circuit: Circuit) -> Scores:
    """A circuit as scores of which the others have none, so that its edges are the best in any case. Raises InputError
    for what removed edges cannot carry."""
    graph, about = circuit.graph, circuit.about
    replacement = about.get("replacement", "patch")
    if replacement not in KINDS:
        raise InputError(f"There is no replacement {replacement!r}.")
    shape = (graph.n_edges, len(circuit.spans)) if circuit.spans else (graph.n_edges,)
    values = np.full(shape, np.nan)
    values.flat[circuit.parts] = 0.0 if circuit.values is None else circuit.values
    kept = np.zeros(shape, dtype=bool)
    kept.flat[circuit.parts] = True
    level: Level = "edge-spans" if circuit.spans else "edges"
    method = about.get("method", "")
    direction = told_direction(about)
    return Scores(graph, values, method, replacement, about, level, direction, kept, spans=circuit.spans)
