"""Scores as files: our own JSON, with the pairs they were traced on. It holds all that is needed to evaluate the scores
again: the graph's shape, what is scored (edges, nodes, positions, or edges at spans with the names of these), the
scores in the graph's order, what they are about (with the rule by which their circuits are chosen, where it is not
`top`), A's direction by which they are ranked, what a search has kept (numbers in that order), how sure signs are,
where that is known, and the rows of the dataset.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import KINDS
from core.errors import InputError
from core.graph import Graph
from core.inputs.dataset_columns import FileRow
from core.interchange.circuit_json import graph_from, shape_of, spans_in
from core.tracing.options import CIRCUITS, LEVELS
from core.tracing.scores import Scores
from core.tracing.selection.ranked import Balance

FORMAT = "wirescope scores"
VERSION = 1


@dataclass(frozen=True)
class ScoresFile:
    """Scores, and the rows that they were traced on (none where the file does not say). marked: the circuit that an
    EAP-IG file says is in the graph. size: edges of the circuit that the file is; the others have no scores then. None
    for scores of all edges."""

    scores: Scores
    rows: tuple[FileRow, ...] = ()
    marked: Circuit | None = None
    size: int | None = None


def scores_to_json(scores: Scores, rows: Sequence[FileRow] = ()) -> str:
    """Scores of any level; those that are not there yet are null."""
    values = msgspec.json.encode(scores.values.ravel().tolist()).decode("ascii")  # null for what is no number
    return f'{json.dumps(scores_head(scores, rows), ensure_ascii=False)[:-1]}, "scores": {values}}}'


def scores_head(scores: Scores, rows: Sequence[FileRow] = ()) -> dict[str, Any]:
    """All that such a file says but the scores themselves."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "graph": shape_of(scores.graph),
        "method": scores.method,
        "replacement": scores.replacement,
        "about": scores.about,
        "level": scores.level,
        **({"spans": list(scores.spans)} if scores.spans else {}),
        "direction": scores.direction,
        **marks_of(scores),
        **rule_data_of(scores),
        **({} if scores.constants is None else {"constants": _numbers_to_text(scores.constants)}),
        "rows": [row.cells() for row in rows],
    }


def direction_in(document: dict[str, Any]) -> Literal[-1, 0, 1] | None:
    """A's direction as a file says it; None where it does not. Raises InputError."""
    direction = document.get("direction")
    if direction not in (-1, 0, 1, None) or isinstance(direction, bool):
        raise InputError(f"There is no direction {direction!r}: it is 1, -1 or 0.")
    return None if direction is None else (1 if direction > 0 else -1 if direction < 0 else 0)


def marks_of(scores: Scores) -> dict[str, list[int]]:
    """What a search has kept, and which scores are measured where others are estimates, as numbers; each where there
    is such a thing."""
    marks = {"kept": scores.kept, "measured": scores.measured}
    return {name: np.flatnonzero(mark).tolist() for name, mark in marks.items() if mark is not None}


def rule_data_of(scores: Scores) -> dict[str, Any]:
    """What rules of choosing need besides the scores, each where it is known."""
    agreement, balance = scores.agreement, scores.balance
    return {
        **({} if agreement is None else {"agreement": agreement.ravel().tolist()}),
        **({} if balance is None else {"balance": [list(each) for each in balance]}),
    }


def marked_in(
    document: dict[str, Any], what: Literal["kept", "measured"], shape: tuple[int, ...]
) -> NDArray[np.bool_] | None:
    """Such a mark as a file says it. Raises InputError."""
    numbers = document.get(what)
    if numbers is None:
        return None
    marked = np.zeros(shape, dtype=bool)
    if not all(type(number) is int and 0 <= number < marked.size for number in numbers):
        raise InputError(f"What is {what} are numbers from 0 to {marked.size - 1:,}.")
    marked.flat[numbers] = True
    return marked


def agreement_in(document: dict[str, Any], shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """How sure the signs are, as a file says it. Raises InputError."""
    shares = document.get("agreement")
    if shares is None:
        return None
    agreement = np.array(shares, dtype=np.float64)
    if agreement.size != np.prod(shape) or not ((agreement >= 0) & (agreement <= 1)).all():
        raise InputError(f"How sure signs are is a share from 0 to 1 for each of {np.prod(shape):,} scores.")
    return agreement.reshape(shape)


def balance_in(document: dict[str, Any], edges: int) -> Balance | None:
    """The balance of scores, as a file says it. Raises InputError."""
    pairs = document.get("balance")
    if pairs is None:
        return None
    balance = tuple((int(size), float(share)) for size, share in pairs)
    sizes = [size for size, _ in balance]
    rising = sizes == sorted(set(sizes)) and bool(sizes) and sizes[0] >= 1 and sizes[-1] <= edges
    if not rising or not all(0 <= share <= 1 for _, share in balance):
        raise InputError(f"A balance is of rising sizes up to {edges:,} edges, each with a share from 0 to 1.")
    return balance


def _numbers_to_text(numbers: NDArray[np.float32]) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(numbers, dtype="<f4").tobytes()).decode("ascii")
    return {"shape": list(numbers.shape), "fp32": data}


def constants_in(document: dict[str, Any], graph: Graph) -> NDArray[np.float32] | None:
    """The constants of optimal ablation that a file holds, [writers, width], in base64 of little-endian fp32. Raises
    InputError."""
    entry = document.get("constants")
    if entry is None:
        return None
    try:
        data = np.frombuffer(base64.b64decode(entry["fp32"], validate=True), dtype="<f4")
        constants: NDArray[np.float32] = data.astype(np.float32).reshape(entry["shape"])
    except (KeyError, TypeError, ValueError):
        raise InputError("The file's constants cannot be read.", "Trace again with --ablation optimal.") from None
    if constants.ndim != 2 or len(constants) != graph.n_writers or not np.isfinite(constants).all():
        raise InputError(
            f"The file's constants are not {graph.n_writers} rows of finite numbers, one of each writer.",
            "Trace again with --ablation optimal.",
        )
    return constants


def difference(one: Graph, other: Graph) -> str:
    """How two graphs differ, in words: "30 layers against 12, 9 heads against 12, 47,011 edges against 32,491"."""
    if bool(one.towers) != bool(other.towers):
        return "two towers against one" if one.towers else "one tower against two"
    a, b = ({**_sizes(graph), "edges": graph.n_edges} for graph in (one, other))
    parts = [_against(key.replace("_", " "), a.get(key, False), b.get(key, False)) for key in dict.fromkeys([*a, *b])]
    return ", ".join(part for part in parts if part) or "no difference in shape"


def _sizes(graph: Graph) -> dict[str, int | bool]:
    sizes = shape_of(graph)
    return sizes | {f"text {name}": size for name, size in sizes.pop("text", {}).items()}


def _against(what: str, one: int | bool, other: int | bool) -> str:
    if one == other:
        return ""
    if isinstance(one, bool):  # parallel, coupled
        return f"{what}: {'yes' if one else 'no'} against {'no' if one else 'yes'}"
    return f"{one:,} {what} against {other:,}"


def scores_from_json(document: dict[str, Any]) -> ScoresFile:
    """Read a document of ours. Raises InputError, and what a document that is none leads to."""
    if document["version"] > VERSION:
        raise InputError(f"A newer Wirescope wrote these scores (version {document['version']}).", "Update it.")
    graph = graph_from(document["graph"])
    level = document.get("level", "edges")
    if level not in LEVELS:
        raise InputError(f"There are no scores of {level!r}.")
    values = np.array(document["scores"], dtype=np.float64)  # null is NaN
    spans = spans_in(document) if level == "edge-spans" else ()
    count = graph.n_edges * max(1, len(spans)) if level in CIRCUITS else graph.n_writers
    if not len(values) or (len(values) % count if level == "positions" else len(values) != count):
        raise InputError(f"The file has {len(values):,} scores, and its graph {count:,} {level}.")
    if level in ("positions", "edge-spans"):
        values = values.reshape(graph.n_edges if spans else count, -1)
    if document["replacement"] not in KINDS:
        raise InputError(f"There is no replacement {document['replacement']!r}.")
    about = {str(key): str(value) for key, value in document["about"].items()}
    direction = direction_in(document)
    marks = (
        marked_in(document, "kept", values.shape),
        agreement_in(document, values.shape),
        constants_in(document, graph),
        marked_in(document, "measured", values.shape),
        balance_in(document, count),
    )
    fields = str(document["method"]), document["replacement"], about, level, direction
    scores = Scores(graph, values, *fields, *marks, spans=spans)
    return ScoresFile(scores, tuple(FileRow(*row) for row in document["rows"]))
