"""Scores of edges as files: our own JSON, with the pairs they were traced on, and EAP-IG's graph files.

Ours holds all that is needed to evaluate the scores again: the graph's shape, one score an edge in the graph's order,
what they are about, and the rows of the dataset.

EAP-IG's files (Hanna et al. 2024; also MIB's) are {"cfg": sizes, "nodes": {name: ...}, "edges": {name: {"score",
"in_graph"}}}. They have K and V ports for every query head. Where heads share theirs, an edge is written once for each
of these heads, with its share of the score; read back, the shares are added up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.circuit import Circuit
from core.edits import EDIT_KINDS
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.inputs.dataset_files import FileRow
from core.interchange.circuit_files import graph_from, shape_of
from core.tracing.scores import Scores

FORMAT = "wirescope scores"
VERSION = 1


@dataclass(frozen=True)
class ScoresFile:
    """Scores of edges, and the rows that they were traced on (none where the file does not say)."""

    scores: Scores
    rows: tuple[FileRow, ...] = ()


def scores_to_json(scores: Scores, rows: Sequence[FileRow] = ()) -> str:
    """Raises ArgumentError for scores of anything but edges."""
    if scores.level != "edges":
        raise ArgumentError(f"Scores of {scores.level} are not written to files.", "Trace edges.")
    document = {
        "format": FORMAT,
        "version": VERSION,
        "graph": shape_of(scores.graph),
        "method": scores.method,
        "replacement": scores.replacement,
        "about": scores.about,
        "scores": [None if np.isnan(value) else round(float(value), 12) for value in scores.values],
        "rows": [[row.clean, row.counterfactual, row.target, row.foil] for row in rows],
    }
    return json.dumps(document, ensure_ascii=False)


def read_scores(path: str | Path, graph: Graph | None = None) -> ScoresFile:
    """Scores of either format. graph: of the model they should be for; EAP-IG's files need one where heads share K and
    V. Raises InputError for a file that is none, or of another model, with the difference."""
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}.", "Check the path.") from None
    except (UnicodeDecodeError, ValueError):
        raise InputError(f"{file.name} is no JSON.", "Give a file that `wirescope trace` or EAP-IG wrote.") from None
    try:
        found = _ours(document) if document.get("format") == FORMAT else _of_eap_ig(document, graph)
    except InputError:
        raise
    except (ArgumentError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{file.name} holds no scores: {error}", "Give a file that `wirescope trace` or EAP-IG wrote."
        ) from None
    if graph is not None and found.scores.graph != graph:
        raise InputError(f"{file.name} is of another model: {difference(found.scores.graph, graph)}.")
    return found


def difference(one: Graph, other: Graph) -> str:
    """How two graphs differ, in words: "30 layers against 12, 9 heads against 12"."""
    a, b = shape_of(one), shape_of(other)
    parts = [f"{a.get(key, False)} {key.replace('_', ' ')} against {b.get(key, False)}"
             for key in dict.fromkeys([*a, *b]) if a.get(key, False) != b.get(key, False)]  # fmt: skip
    return ", ".join(parts) or "no difference in shape"


def _ours(document: dict[str, Any]) -> ScoresFile:
    if document["version"] > VERSION:
        raise InputError(f"A newer Wirescope wrote these scores (version {document['version']}).", "Update it.")
    graph = graph_from(document["graph"])
    values = np.array([np.nan if value is None else value for value in document["scores"]], dtype=np.float64)
    if values.shape != (graph.n_edges,):
        raise InputError(f"The file has {len(values)} scores, and its graph {graph.n_edges} edges.")
    if document["replacement"] not in EDIT_KINDS:
        raise InputError(f"There is no replacement {document['replacement']!r}.")
    about = {str(key): str(value) for key, value in document["about"].items()}
    scores = Scores(graph, values, str(document["method"]), document["replacement"], about)
    return ScoresFile(scores, tuple(FileRow(*row) for row in document["rows"]))


# ---- EAP-IG ----


def scores_to_eap_ig(scores: Scores, circuit: Circuit, width: int) -> str:
    """An EAP-IG graph file. circuit: the edges that are in the graph. width: of the stream, which the file names."""
    graph = scores.graph
    inside = np.zeros(graph.n_edges, dtype=bool)
    inside[circuit.edges] = True
    nodes = {node.name: False for node in graph.nodes}
    edges: dict[str, dict[str, float | bool]] = {}
    group = graph.heads // graph.kv_heads
    for number, edge in enumerate(graph.edges):
        readers = [edge.reader]
        if edge.reader.kind in ("k", "v") and group > 1:
            first = edge.reader.head * group
            readers = [replace(edge.reader, head=head, shared=False) for head in range(first, first + group)]
        for reader in readers:
            entry = {"score": float(scores.values[number]) / len(readers), "in_graph": bool(inside[number])}
            edges[f"{edge.writer.name}->{reader.name}"] = entry
        if inside[number]:
            nodes[edge.writer.name] = True
            for node in graph.readers_of(edge.reader):
                nodes[node.name] = True
    cfg = {
        "n_layers": graph.layers,
        "n_heads": graph.heads,
        "parallel_attn_mlp": graph.parallel,
        "d_model": width,
    }
    return json.dumps({"cfg": cfg, "nodes": nodes, "edges": edges})


def _of_eap_ig(document: dict[str, Any], graph: Graph | None) -> ScoresFile:
    cfg = document["cfg"]
    layers, heads, parallel = int(cfg["n_layers"]), int(cfg["n_heads"]), bool(cfg.get("parallel_attn_mlp", False))
    if graph is None:
        graph = Graph(layers, heads, heads, parallel)
    if (graph.layers, graph.heads, graph.parallel) != (layers, heads, parallel):
        other = Graph(layers, heads, heads, parallel)
        raise InputError(f"The file is of another model: {difference(other, replace(graph, kv_heads=graph.heads))}.")
    wide = Graph(layers, heads, heads, parallel)
    group = graph.heads // graph.kv_heads
    values = np.zeros(graph.n_edges)
    seen = np.zeros(graph.n_edges, dtype=bool)
    for name, entry in document["edges"].items():
        edge = wide.edge(wide.index(name))
        reader = edge.reader
        if reader.kind in ("k", "v") and group > 1:
            reader = replace(reader, head=reader.head // group, shared=True)
        number = graph.edge_index(replace(edge, reader=reader))
        values[number] += float(entry["score"])
        seen[number] = True
    if not seen.all():
        raise InputError(f"The file lacks {int((~seen).sum()):,} of the {graph.n_edges:,} edges.")
    return ScoresFile(Scores(graph, values, "eap-ig file", "patch", {"source": "EAP-IG"}))
