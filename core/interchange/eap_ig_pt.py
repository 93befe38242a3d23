"""Scores as EAP-IG's graph files in torch's format (`Graph.to_pt`; also MIB's), and back.

    {"cfg": sizes, "src_nodes": [names], "dst_nodes": [names], "edges_scores", "edges_in_graph": [src, dst],
     "nodes_in_graph": [src]}

`dst_nodes` are, layer by layer, the q of all heads, all k, all v, the MLP; then `logits`. As in the JSON
(`eap_ig_files`) there is a K and a V port for every query head, each with its share of the score, and scores are
written times A's direction. Their numbers are fp32, as EAP-IG's are; ours stand beside them exactly, under "wirescope".

Read by torch's loader of plain data, which runs nothing of a file.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import ArgumentError, InputError
from core.graph import Graph, Reader
from core.interchange.circuit_json import graph_from
from core.interchange.eap_ig_files import OURS, MarkedScores, with_extra
from core.interchange.scores_files import ScoresFile, difference

LARGEST = 2 * 2**30  # bytes of a file
KEYS = ("cfg", "edges_scores", "edges_in_graph")
EXACT = "wirescope_scores"
WRITTEN = "Give a .pt file of EAP-IG's Graph.to_pt, or one of Wirescope."


def places(graph: Graph) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where the edges stand in EAP-IG's table: number of the edge, row (writer) and column (port), once for each query
    head that shares a K/V head."""
    heads = graph.heads
    group = heads // graph.kv_heads
    first = [_column(reader, heads, group) for reader in graph.readers]
    writers = graph.edge_writers.astype(np.int64)
    if group == 1:
        return np.arange(graph.n_edges, dtype=np.int64), writers, np.array(first, dtype=np.int64)[graph.edge_readers]
    many = np.array([group if reader.kind in ("k", "v") else 1 for reader in graph.readers])
    copies = many[graph.edge_readers]
    numbers = np.repeat(np.arange(graph.n_edges, dtype=np.int64), copies)
    within = np.arange(len(numbers)) - np.repeat(np.cumsum(copies) - copies, copies)
    columns = np.array(first, dtype=np.int64)[graph.edge_readers[numbers]] + within
    return numbers, writers[numbers], columns


def _column(reader: Reader, heads: int, group: int) -> int:
    start = reader.layer * (3 * heads + 1)
    if reader.kind == "logits":
        return -1
    if reader.kind == "mlp":
        return start + 3 * heads
    return start + "qkv".index(reader.kind) * heads + reader.head * (group if reader.kind != "q" else 1)


def eap_ig_pt(marked: MarkedScores) -> bytes:
    """The content of the file."""
    scores, circuit = marked.scores, marked.circuit
    graph = scores.graph
    numbers, writers, columns = places(graph)
    n_columns = graph.layers * (3 * graph.heads + 1) + 1
    table = np.zeros((graph.n_writers, n_columns), dtype=np.float32)
    inside = np.zeros((graph.n_writers, n_columns), dtype=bool)
    values = scores.towards
    if len(numbers) > graph.n_edges:  # each of several ports has its share
        values = values / np.bincount(numbers, minlength=graph.n_edges)
    table[writers, columns] = values[numbers]
    inside[writers, columns] = marked.inside[numbers]
    nodes = np.asarray(inside.any(axis=1))
    for edge in circuit:
        for node in graph.readers_of(edge.reader):
            if node.kind != "logits":
                nodes[graph.writer_index(node)] = True
    content: dict[str, Any] = {
        "cfg": _cfg(graph, marked.width),
        "src_nodes": [node.name for node in graph.writers],
        "dst_nodes": _ports(graph),
        "edges_scores": torch.from_numpy(table),
        "edges_in_graph": torch.from_numpy(inside),
        "nodes_in_graph": torch.from_numpy(nodes),
        OURS: json.dumps(marked.extra),
        EXACT: torch.from_numpy(scores.values),
    }
    buffer = BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _cfg(graph: Graph, width: int) -> dict[str, int | bool]:
    return {"n_layers": graph.layers, "n_heads": graph.heads, "parallel_attn_mlp": graph.parallel, "d_model": width}


def _ports(graph: Graph) -> list[str]:
    names = []
    for layer in range(graph.layers):
        names += [f"a{layer}.h{head}<{port}>" for port in "qkv" for head in range(graph.heads)]
        names.append(f"m{layer}")
    return [*names, "logits"]


def read_eap_ig_pt(path: str | Path, graph: Graph | None) -> ScoresFile:
    """Scores of such a file. graph: of the model that it should be for; without one every head has its own K and V,
    unless the file is ours and says it. Raises InputError."""
    file = Path(path)
    try:
        _check_archive(file)
        document = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{file.name} cannot be read: {error.strerror}.", "Check the path and its rights.") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InputError(f"{file.name} holds no plain torch data: {str(error)[:120]}", WRITTEN) from None
    if not isinstance(document, dict) or not all(key in document for key in KEYS):
        raise InputError(f"{file.name} holds no graph of EAP-IG: it lacks {', '.join(KEYS)}.", WRITTEN)
    try:
        return _scores_file(document, graph)
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", error.hint or WRITTEN) from None
    except (ArgumentError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RuntimeError) as error:
        raise InputError(f"{file.name} holds no scores: {error}", WRITTEN) from None


def _check_archive(file: Path) -> None:
    """Raise InputError for what is no archive of torch's, which is a zip of files that are not packed."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise InputError(f"{file.name} is no file of torch's, or one of a version before 1.6.", WRITTEN) from None
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise InputError(f"{file.name} holds packed files, as torch writes none.", WRITTEN)
    if sum(entry.file_size for entry in entries) > LARGEST:
        raise InputError(f"{file.name} is larger than {LARGEST // 2**30} GB.", WRITTEN)


def _scores_file(document: dict[str, Any], graph: Graph | None) -> ScoresFile:
    cfg = document["cfg"]
    layers, heads, parallel = int(cfg["n_layers"]), int(cfg["n_heads"]), bool(cfg.get("parallel_attn_mlp", False))
    extra = json.loads(document[OURS]) if OURS in document else {}
    sizes: dict[str, Any] = {"layers": layers, "heads": heads, "kv_heads": heads, "parallel": parallel}
    wide = graph_from(sizes)
    if graph is None:
        shape = extra.get("graph", {})
        graph = graph_from(sizes | {key: shape[key] for key in ("kv_heads", "coupled") if key in shape})
    if (graph.layers, graph.heads, graph.parallel) != (layers, heads, parallel):
        raise InputError(f"The file is of another model: {difference(wide, replace(graph, kv_heads=graph.heads))}.")
    shape = (graph.n_writers, layers * (3 * heads + 1) + 1)
    table, inside = (_numbers(document[key], shape, key) for key in KEYS[1:])
    numbers, writers, columns = places(graph)
    values: NDArray[np.float64] = np.bincount(
        numbers, table[writers, columns].astype(np.float64), graph.n_edges
    ).astype(np.float64)
    kept = np.bincount(numbers, inside[writers, columns] != 0, graph.n_edges) > 0
    if not np.isfinite(values).all():
        raise InputError("A score of the file is no number.", WRITTEN)
    if EXACT in document:
        exact = _numbers(document[EXACT], (graph.n_edges,), EXACT).astype(np.float64)
        return with_extra(extra, graph, exact, kept, None)
    is_circuit = not values.any()
    if is_circuit and not kept.any():
        raise InputError("The edges of the file have no scores, and none is in the graph.", WRITTEN)
    values[~kept & is_circuit] = np.nan
    scores_file = with_extra(extra, graph, values, kept, int(kept.sum()) if is_circuit else None)
    return replace(
        scores_file, scores=replace(scores_file.scores, values=scores_file.scores.towards)
    )  # they were written so


def _numbers(tensor: Any, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """A tensor's numbers, after its shape is known to be right. Raises InputError."""
    if not isinstance(tensor, torch.Tensor) or tuple(tensor.shape) != shape or tensor.is_sparse:
        told = tuple(getattr(tensor, "shape", ()))
        raise InputError(f"{what} of the file is of shape {told}, and its graph's is {shape}.", WRITTEN)
    numbers: NDArray[Any] = tensor.double().numpy()
    return numbers
