"""The circuit of a file, for commands that do without a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import InputError

if TYPE_CHECKING:
    from core.circuit import Circuit

SHOWN = 48  # edges of scores, where nobody says how many


def circuit_of_file(path: str | Path, edges: int | None = None) -> Circuit:
    """The circuit of a file: the best `edges` of scores, or of a circuit (None: all of it, and of scores what a search
    kept, else SHOWN). Raises InputError."""
    from core.interchange.circuit_reading import is_circuit, read_circuit
    from core.interchange.scores_reading import read_scores

    if is_circuit(path):
        circuit = read_circuit(path)
        return circuit if edges is None else circuit.chosen(np.arange(min(edges, len(circuit))))
    file = read_scores(path)
    scores = file.scores
    if scores.level == "positions":
        raise InputError(f"{path} holds scores of positions, which make no circuit.", "Trace with --level edges.")
    if edges is None and file.marked is not None:
        return file.marked
    kept = None if scores.kept is None else int(scores.kept.sum())
    usual = kept or min(SHOWN, scores.values.size)
    return scores.select(usual if edges is None else min(edges, scores.values.size))
