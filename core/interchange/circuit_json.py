"""Circuits as JSON, with all that is needed to read them back. What is for drawing elsewhere is in
`core.interchange.exporters`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from core.circuit import Circuit, Exporter, circuit_of
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.interchange.group_data import groups_in, groups_of
from core.interchange.note_data import note_rows, notes_in
from core.spans import POSITION, REST
from core.text_files import parse_json
from core.towers_graph import TowersGraph
from core.tracing.selection import CHOSEN_BY, chosen_by

FORMAT = "wirescope circuit"
VERSION = 1
EXPORTED = "Open a JSON file that Wirescope exported."
LARGEST = 1000  # layers or heads of a model


def to_json(circuit: Circuit) -> str:
    """A circuit as JSON: its graph's shape, what it is about, by which rule its edges were chosen from their scores, of
    a circuit at spans the names of all spans, its groups, its notes, and its edges by name, most important first."""
    graph = circuit.graph
    edges = [
        {"edge": name} | ({} if (score := circuit.score(position)) is None else {"score": score})
        for position, name in enumerate(circuit.names)
    ]
    document = {"format": FORMAT, "version": VERSION, "graph": shape_of(graph), "about": circuit.about}
    document |= {CHOSEN_BY: chosen_by(circuit.about)} if "method" in circuit.about else {}
    document |= {"spans": list(circuit.spans)} if circuit.spans else {}
    document |= {"groups": groups_of(circuit)} if circuit.groups else {}
    document |= {"notes": note_rows(circuit)} if circuit.notes else {}
    document |= {"edges": edges}
    return json.dumps(document, indent=1, ensure_ascii=False)


def from_json(text: str) -> Circuit:
    """Read a circuit back. Raises InputError for a file that is none."""
    return from_document(parse_json(text, "This file", EXPORTED))


def from_document(document: Any) -> Circuit:
    """The circuit of a JSON document. Raises InputError for one that is none."""
    try:
        if document["format"] != FORMAT:
            raise InputError("This is not a circuit of Wirescope.")
        if document["version"] > VERSION:
            raise InputError(f"A newer Wirescope wrote this circuit (version {document['version']}).", "Update it.")
        graph = graph_from(document["graph"])
        spans = spans_in(document) if "spans" in document else ()
        names = [str(row["edge"]) for row in document["edges"]]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"This file names the edge {twice} twice.", "Take one of them out.")
        named = circuit_of(graph, names, spans)
        if len(named) != len(names):
            raise InputError("An edge of this circuit has no span, and others have.", EXPORTED)
        scores = [row.get("score") for row in document["edges"]]
        scored = any(score is not None for score in scores)
        values = np.asarray([np.nan if score is None else score for score in scores], dtype=np.float64)
        about = {str(key): str(value) for key, value in document["about"].items()}
        groups = groups_in(document["groups"], graph) if "groups" in document else ()
        notes = notes_in(document["notes"]) if "notes" in document else ()
        return replace(named, values=values if scored else None, about=about, groups=groups, notes=notes)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"This file is no circuit: it has no {error}.", EXPORTED) from None
    except (ArgumentError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"This file is no circuit: {error}", EXPORTED) from None


def spans_in(document: Any) -> tuple[str, ...]:
    """The names of the spans that a document's edges are at. Raises InputError for what are none."""
    names = document["spans"]
    if not isinstance(names, list) or not names or len({*map(str, names)}) < len(names):
        raise InputError("The spans of a file are a list of different names.")
    if not all(isinstance(name, str) and (name == REST or POSITION.fullmatch(name)) for name in names):
        raise InputError(f"Spans are roles, positions or {REST!r}, not {', '.join(map(str, names))}.")
    return tuple(names)


def shape_of(graph: Graph) -> dict[str, Any]:
    """A graph's sizes, as files hold them; of two towers the vision tower's, and under "text" those of the other."""
    shape: dict[str, Any] = {
        "layers": graph.layers,
        "heads": graph.heads,
        "kv_heads": graph.kv_heads,
        "parallel": graph.parallel,
    }
    shape |= {"coupled": True} if graph.coupled else {}
    return shape | ({"text": shape_of(graph.towers[1].graph)} if graph.towers else {})


def graph_from(shape: dict[str, Any]) -> Graph:
    """The graph of a file's sizes. Raises InputError, TypeError."""
    text = shape.get("text")
    graph = _graph(**{name: size for name, size in shape.items() if name != "text"})
    if text is None:
        return graph
    return TowersGraph(graph.layers, graph.heads, graph.kv_heads, graph.parallel, graph.coupled, text=_graph(**text))


def _graph(layers: int, heads: int, kv_heads: int, parallel: bool, coupled: bool = False) -> Graph:
    """The graph of a file. Raises InputError for sizes that no model has, which could fill the memory."""
    sizes = (layers, heads, kv_heads)
    if not all(isinstance(size, int) and 1 <= size <= LARGEST for size in sizes) or heads % kv_heads:
        raise InputError(f"This circuit is of no model: {layers} layers of {heads} heads, {kv_heads} with keys.")
    return Graph(layers, heads, kv_heads, bool(parallel), bool(coupled))


EXPORTER = Exporter("json", "JSON", "all of it, which Wirescope opens again", ".json", to_json, read=from_json)
