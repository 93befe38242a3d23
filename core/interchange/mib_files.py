"""A folder as MIB's leaderboard takes it (Mueller et al. 2025, circuit localization track): for a task and a model
either one file of EAP-IG's with the scores of all edges, or nine circuits without scores, each with no more than a
percentage of the edges. Edges are counted as there: with a K and a V port for every query head.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.errors import WirescopeError
from core.interchange.eap_ig_files import MarkedScores, check_whole, graph_document, scores_to_eap_ig
from core.interchange.eap_ig_pt import eap_ig_pt, places
from core.saving import save_bytes, save_text
from core.tracing.scores import Scores

PERCENTAGES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
NAME_HINT = "MIB wants a folder a task and model, called like ioi_gpt2."


def write_importances(folder: Path, scores: Scores, width: int, torch_form: bool = False) -> Path:
    """Write the scores of all edges as `importances.json` or `importances.pt`. width: of the stream. Raises
    ArgumentError for scores of something else, WirescopeError where the folder cannot be written."""
    marked = MarkedScores(scores, scores.top(0), width)
    path = _made(folder) / f"importances.{'pt' if torch_form else 'json'}"
    if torch_form:
        save_bytes(path, eap_ig_pt(marked))
    else:
        save_text(path, scores_to_eap_ig(marked))
    return path


def write_circuits(folder: Path, scores: Scores, width: int) -> list[Path]:
    """Write the nine circuits, the best edges by the scores' own rule. Raises as `write_importances`."""
    check_whole(scores)
    _made(folder)
    written = []
    for percentage, size in zip(PERCENTAGES, sizes_within(scores), strict=True):
        inside = np.zeros(scores.graph.n_edges, dtype=bool)
        inside[scores.select(size).edges] = True
        path = folder / f"circuit-{percentage:g}-percent.json"
        save_text(path, json.dumps(graph_document(scores.graph, width, inside, None)))
        written.append(path)
    return written


def sizes_within(scores: Scores) -> list[int]:
    """How many of the best edges stay within each percentage, counted as MIB does."""
    copies = np.bincount(places(scores.graph)[0])
    counted = np.cumsum(copies[scores.select(len(scores.values)).edges])
    return [int(np.searchsorted(counted, int(share / 100 * counted[-1] + 1e-9), "right")) for share in PERCENTAGES]


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WirescopeError(f"{folder} cannot be made: {error.strerror}.", NAME_HINT) from None
    return folder
