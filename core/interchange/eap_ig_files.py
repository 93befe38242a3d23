"""Scores as EAP-IG's graph files (Hanna et al. 2024; also MIB's), and back.

    {"cfg": sizes, "nodes": {name: {"in_graph"}}, "edges": {name: {"score", "in_graph"}}}

They have K and V ports for every query head. Where heads share theirs, an edge is written once for each of these heads,
with its share of the score; read back, the shares are added up, and the edge is in the graph where any of them is.

EAP-IG ranks by the score, whatever the metric: its scores are high where an edge leads towards A's behaviour. So ours
are written times A's direction, and read back times the one that the file names; a file of EAP-IG's own is of direction
+1.

EAP-IG's `input` is the embedding of the token alone; ours is what enters the first layer, which in a model with
position embeddings is token and position together. With `patch` both lose the same, since A and B have the same
positions; with `zero` they do not, and the file says so (`input_note`).

EAP-IG reads no other keys. Ours are under "wirescope": what the scores are about, and the pairs that they were traced
on. Older files say of a node only whether it is in the graph; nodes are not read, since the edges say it all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.edits import KINDS, EditKind
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.inputs.dataset_columns import FileRow
from core.interchange.circuit_json import graph_from, shape_of
from core.interchange.scores_files import (
    ScoresFile,
    agreement_in,
    balance_in,
    difference,
    direction_in,
    marked_in,
    marks_of,
    rule_data_of,
)
from core.tracing.scores import Scores

OURS = "wirescope"
FORM = 'Each edge is {"score": a number, "in_graph": true or false}.'


@dataclass(frozen=True)
class MarkedScores:
    """What an EAP-IG file is written of. circuit: the edges that are in the graph. width: of the stream, which the file
    names. rows: the pairs that the scores were traced on. position_added: see `input_note`. Raises ArgumentError for
    scores of anything but edges, and where some have none yet."""

    scores: Scores
    circuit: Circuit
    width: int
    rows: Sequence[FileRow] = ()
    position_added: bool = False

    def __post_init__(self) -> None:
        check_whole(self.scores)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which edges are in the graph: [edges]."""
        inside = np.zeros(self.scores.graph.n_edges, dtype=bool)
        inside[self.circuit.edges] = True
        return inside

    @property
    def extra(self) -> dict[str, Any]:
        """What the file says beside what EAP-IG reads."""
        scores = self.scores
        note = input_note(scores.replacement, self.position_added)
        return {
            "method": scores.method,
            "replacement": scores.replacement,
            "about": scores.about,
            "graph": shape_of(scores.graph),
            "direction": scores.direction,
            **marks_of(scores),
            **rule_data_of(scores),
            **({"input": note} if note else {}),
            "rows": [row.cells() for row in self.rows],
        }


def input_note(replacement: EditKind, position_added: bool) -> str:
    """What should be known of the edges out of `input`, where EAP-IG's are of something else; nothing otherwise.
    position_added: whether the model adds an embedding of the position to that of the token."""
    if replacement != "zero" or not position_added:
        return ""
    return (
        "`input` is the token's and the position's embedding together, and zero takes both away; "
        "EAP-IG's is the token's alone."
    )


def scores_to_eap_ig(marked: MarkedScores) -> str:
    """An EAP-IG graph file."""
    scores = marked.scores
    document = graph_document(scores.graph, marked.width, marked.inside, scores.towards)
    return json.dumps(document | {OURS: marked.extra}, ensure_ascii=False)


def graph_document(
    graph: Graph, width: int, inside: NDArray[np.bool_], values: NDArray[np.float64] | None
) -> dict[str, Any]:
    """What EAP-IG reads. inside: which edges are in the graph; values: their scores, None of a circuit alone."""
    nodes = {node.name: {"in_graph": node.kind == "logits"} for node in graph.nodes}
    edges: dict[str, dict[str, float | bool]] = {}
    group = graph.heads // graph.kv_heads
    for number, edge in enumerate(graph.edges):
        readers = [edge.reader]
        if edge.reader.kind in ("k", "v") and group > 1:
            first = edge.reader.head * group
            readers = [replace(edge.reader, head=head, shared=False) for head in range(first, first + group)]
        for reader in readers:
            entry: dict[str, float | bool] = {"in_graph": bool(inside[number])}
            entry |= {} if values is None else {"score": float(values[number]) / len(readers)}
            edges[f"{edge.writer.name}->{reader.name}"] = entry
        if inside[number]:
            for node in (edge.writer, *graph.readers_of(edge.reader)):
                nodes[node.name]["in_graph"] = True
    cfg = {
        "n_layers": graph.layers,
        "n_heads": graph.heads,
        "parallel_attn_mlp": graph.parallel,
        "d_model": width,
    }
    return {"cfg": cfg, "nodes": nodes, "edges": edges}


def check_whole(scores: Scores) -> None:
    """Raise ArgumentError for scores of anything but edges, and where some have none yet."""
    if scores.graph.towers:
        raise ArgumentError("An EAP-IG file holds the graph of one tower, and here are two.", "Write JSON instead.")
    if scores.level != "edges":
        raise ArgumentError(f"An EAP-IG file holds scores of edges, not of {scores.level}.", "Trace edges.")
    if np.isnan(scores.values).any():
        raise ArgumentError("An EAP-IG file holds scores of all edges, and some have none yet.", "Finish the trace.")


def eap_ig_scores(document: dict[str, Any], graph: Graph | None) -> ScoresFile:
    """Read such a file's document. graph: of the model that it should be for; without one every head has its own K and
    V, unless the file is ours and says it. Raises InputError, and what a document that is none leads to."""
    cfg = document["cfg"]
    layers, heads, parallel = int(cfg["n_layers"]), int(cfg["n_heads"]), bool(cfg.get("parallel_attn_mlp", False))
    extra = document.get(OURS, {})
    sizes: dict[str, Any] = {"layers": layers, "heads": heads, "kv_heads": heads, "parallel": parallel}
    wide = graph_from(sizes)
    if graph is None:
        shape = extra.get("graph", {})
        graph = graph_from(sizes | {key: shape[key] for key in ("kv_heads", "coupled") if key in shape})
    if (graph.layers, graph.heads, graph.parallel) != (layers, heads, parallel):
        raise InputError(f"The file is of another model: {difference(wide, replace(graph, kv_heads=graph.heads))}.")
    group = graph.heads // graph.kv_heads
    values = np.zeros(graph.n_edges)
    seen, inside, scored = np.zeros((3, graph.n_edges), dtype=bool)
    for name, entry in _entries(document):
        edge = wide.edge(wide.index(name))
        reader = edge.reader
        if reader.kind in ("k", "v") and group > 1:
            reader = replace(reader, head=reader.head // group, shared=True)
        number = graph.edge_index(replace(edge, reader=reader))
        seen[number] = True
        inside[number] |= _is_marked(name, entry)
        score = _score(name, entry)
        if score is not None:
            scored[number] = True
            values[number] += score
    _check_scored(document, seen, inside, scored)
    is_circuit = not scored.any()
    values[~scored] = np.nan
    values[inside & is_circuit] = 0.0  # as in a file of one circuit, so that its edges are the best
    scores_file = with_extra(extra, graph, values, inside, int(inside.sum()) if is_circuit else None)
    return replace(
        scores_file, scores=replace(scores_file.scores, values=scores_file.scores.towards)
    )  # they were written so


def with_extra(
    extra: dict[str, Any], graph: Graph, values: NDArray[np.float64], inside: NDArray[np.bool_], size: int | None
) -> ScoresFile:
    """Scores with what such a file says beside them. inside: which edges are in the graph. size: of the circuit that
    the file is, where it is one. Raises InputError."""
    replacement = extra.get("replacement", "patch")
    if replacement not in KINDS:
        raise InputError(f"There is no replacement {replacement!r}.")
    about = {str(key): str(value) for key, value in extra.get("about", {"source": "EAP-IG"}).items()}
    direction = direction_in(extra) if extra else 1
    kept = inside if size is not None else marked_in(extra, "kept", values.shape)
    sure, method = agreement_in(extra, values.shape), str(extra.get("method", "eap-ig file"))
    measured = marked_in(extra, "measured", values.shape)
    marks = kept, sure, None, measured, balance_in(extra, len(values))
    scores = Scores(graph, values, method, replacement, about, "edges", direction, *marks)
    marked = Circuit(graph, np.flatnonzero(inside).astype(np.int64), None, about) if inside.any() else None
    return ScoresFile(scores, tuple(FileRow(*row) for row in extra.get("rows", ())), marked, size)


def _entries(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The edges by their names. Raises InputError."""
    edges = document.get("edges")
    if not isinstance(edges, dict):
        raise InputError("The file lists no edges by their names.", FORM)
    for name, entry in edges.items():
        if not isinstance(entry, dict):
            raise InputError(f"The edge {name} is {entry!r:.60}, with neither a score nor in_graph.", FORM)
        yield name, entry


def _score(name: str, entry: dict[str, Any]) -> float | None:
    """The score of an edge; None where it has none. Raises InputError."""
    score = entry.get("score")
    if score is None or (isinstance(score, float) and isnan(score)):
        return None
    if isinstance(score, bool) or not isinstance(score, int | float) or not isfinite(score):
        raise InputError(f"The score of the edge {name} is {score!r:.60}, no number.", FORM)
    return float(score)


def _is_marked(name: str, entry: dict[str, Any]) -> bool:
    marked = entry.get("in_graph", False)
    if marked not in (True, False, None):
        raise InputError(f"in_graph of the edge {name} is {marked!r:.60}, neither true nor false.", FORM)
    return bool(marked)


def _check_scored(
    document: dict[str, Any], seen: NDArray[np.bool_], inside: NDArray[np.bool_], scored: NDArray[np.bool_]
) -> None:
    """Raise InputError for a file without anything to measure, saying what it has instead. Scores without some edges
    are refused; a file without scores is one circuit, whose other edges need not be listed."""
    nodes = document.get("nodes")
    entries = [entry for entry in nodes.values() if isinstance(entry, dict)] if isinstance(nodes, dict) else []
    of_nodes = any(entry.get("score") is not None for entry in entries)
    if scored.any():
        if not seen.all():
            raise InputError(f"The file lacks {int((~seen).sum()):,} of the {len(seen):,} edges.", FORM)
    elif not inside.any():
        if of_nodes or not seen.any():
            what = "scores nodes, not edges" if of_nodes else "has no edges"
            raise InputError(f"The file {what}.", "Give one whose edges have scores, or are in_graph.")
        raise InputError("The edges of the file have no scores, and none is in_graph.", FORM)
