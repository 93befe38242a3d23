"""Reading scores from a file of any format that holds some: ours, and EAP-IG's graph files."""

from __future__ import annotations

from pathlib import Path

from core.circuit import Circuit
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.inputs.dataset_files import FileRow
from core.interchange.circuit_json import FORMAT as CIRCUIT_FORMAT
from core.interchange.circuit_json import from_document
from core.interchange.eap_ig_files import eap_ig_scores
from core.interchange.made_of import made_of
from core.interchange.scores_files import FORMAT, ScoresFile, difference, scores_from_json
from core.text_files import parse_json, read_text
from core.tracing.one_circuit import scores_of_circuit

EAP_IG = "EAP-IG"
WRITTEN = "Give a file that `wirescope trace` or EAP-IG wrote."


def read_scores(path: str | Path, graph: Graph | None = None) -> ScoresFile:
    """Scores of either format. graph: of the model they should be for; EAP-IG's files need one where heads share K and
    V. Raises InputError for a file that is none, or of another model, with the difference."""
    file = Path(path)
    if file.suffix.lower() == ".pt":
        from core.interchange.eap_ig_pt import read_eap_ig_pt  # it needs torch, which text does not

        return checked(read_eap_ig_pt(file, graph), file.name, graph)
    if file.suffix.lower() == ".parquet":
        from core.interchange.parquet import read_parquet_scores

        return checked(read_parquet_scores(file), file.name, graph)
    document = parse_json(read_text(file), file.name, WRITTEN)
    try:
        kind = document.get("format", EAP_IG if "cfg" in document else None)
        if kind == CIRCUIT_FORMAT:
            file_scores = circuit_scores(from_document(document), made_of(document).rows)
        elif kind in (FORMAT, EAP_IG):
            file_scores = scores_from_json(document) if kind == FORMAT else eap_ig_scores(document, graph)
        else:
            raise InputError(f"{file.name} holds no scores.", WRITTEN)
    except InputError as error:
        named = error.message.replace("The file ", f"{file.name} ").replace(" of the file ", f" of {file.name} ")
        raise InputError(named, error.hint or WRITTEN) from None
    except KeyError as error:
        raise InputError(f"{file.name} holds no scores: it has no {error}.", WRITTEN) from None
    except (ArgumentError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"{file.name} holds no scores: {error}", WRITTEN) from None
    return checked(file_scores, file.name, graph)


def checked(file_scores: ScoresFile, name: str, graph: Graph | None) -> ScoresFile:
    """Scores of a file, where they are of this graph. name: of the file. Raises InputError with the difference."""
    if graph is not None and file_scores.scores.graph != graph:
        model = file_scores.scores.about.get("model", "")
        apart = difference(file_scores.scores.graph, graph)
        raise InputError(
            f"{name} is of another model{f', {model}' if model else ''}: {apart}.",
            f"Open it with {model}." if model else "Open it with the model that it was made for.",
        )
    return file_scores


def circuit_scores(circuit: Circuit, rows: tuple[FileRow, ...] = ()) -> ScoresFile:
    """A circuit as scores of which the others have none, so that its edges are the best in any case. Raises InputError
    for what removed edges cannot carry."""
    return ScoresFile(scores_of_circuit(circuit), rows, None, len(circuit))
