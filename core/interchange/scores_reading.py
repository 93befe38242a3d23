"""Reading scores from a file of any format that holds some: ours, and EAP-IG's graph files."""

from __future__ import annotations

from pathlib import Path

from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.interchange.circuit_files import FORMAT as CIRCUIT_FORMAT
from core.interchange.eap_ig_files import eap_ig_scores
from core.interchange.scores_files import FORMAT, ScoresFile, difference, scores_from_json
from core.text_files import parse_json, read_text

EAP_IG = "EAP-IG"
WRITTEN = "Give a file that `wirescope trace` or EAP-IG wrote."


def read_scores(path: str | Path, graph: Graph | None = None) -> ScoresFile:
    """Scores of either format. graph: of the model they should be for; EAP-IG's files need one where heads share K and
    V. Raises InputError for a file that is none, or of another model, with the difference."""
    file = Path(path)
    document = parse_json(read_text(file), file.name, WRITTEN)
    try:
        kind = document.get("format", EAP_IG if "cfg" in document else None)
        if kind == CIRCUIT_FORMAT:
            raise InputError(f"{file.name} is one circuit, without the scores of the other edges.", WRITTEN)
        if kind not in (FORMAT, EAP_IG):
            raise InputError(f"{file.name} holds no scores.", WRITTEN)
        found = scores_from_json(document) if kind == FORMAT else eap_ig_scores(document, graph)
    except InputError:
        raise
    except (ArgumentError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"{file.name} holds no scores: {error}", WRITTEN) from None
    if graph is not None and found.scores.graph != graph:
        name = found.scores.about.get("model", "")
        raise InputError(
            f"{file.name} is of another model{f', {name}' if name else ''}: {difference(found.scores.graph, graph)}.",
            f"Open it with {name}." if name else "Open it with the model that it was made for.",
        )
    return found
