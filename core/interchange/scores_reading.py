"""Reading scores from a file of any format that holds some: ours, and EAP-IG's graph files."""

from __future__ import annotations

import json
from pathlib import Path

from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.interchange.circuit_files import FORMAT as CIRCUIT_FORMAT
from core.interchange.eap_ig_files import eap_ig_scores
from core.interchange.scores_files import FORMAT, ScoresFile, difference, scores_from_json

EAP_IG = "EAP-IG"
WRITTEN = "Give a file that `wirescope trace` or EAP-IG wrote."


def read_scores(path: str | Path, graph: Graph | None = None) -> ScoresFile:
    """Scores of either format. graph: of the model they should be for; EAP-IG's files need one where heads share K and
    V. Raises InputError for a file that is none, or of another model, with the difference."""
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}.", "Check the path.") from None
    except (UnicodeDecodeError, ValueError):
        raise InputError(f"{file.name} is no JSON.", WRITTEN) from None
    try:
        kind = document.get("format", EAP_IG if "cfg" in document else None)
        if kind == CIRCUIT_FORMAT:
            raise InputError(f"{file.name} is one circuit, without the scores of the other edges.", WRITTEN)
        if kind not in (FORMAT, EAP_IG):
            raise InputError(f"{file.name} holds no scores.", WRITTEN)
        found = scores_from_json(document) if kind == FORMAT else eap_ig_scores(document, graph)
    except InputError:
        raise
    except (ArgumentError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{file.name} holds no scores: {error}", WRITTEN) from None
    if graph is not None and found.scores.graph != graph:
        name = found.scores.about.get("model", "")
        raise InputError(
            f"{file.name} is of another model{f', {name}' if name else ''}: {difference(found.scores.graph, graph)}.",
            f"Open it with {name}." if name else "Open it with the model that it was made for.",
        )
    return found
