"""What forms for other programs hold beside the edges, so that they are read back whole: the graph's shape, what the
circuit is about, its spans, groups and notes, as one line of JSON; and the edges from names, ranks and scores."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from core.circuit import Circuit, circuit_of
from core.errors import ArgumentError, InputError
from core.interchange.circuit_json import FORMAT, VERSION, graph_from, shape_of, spans_in
from core.interchange.group_data import groups_in, groups_of
from core.interchange.note_data import note_rows, notes_in
from core.text_files import parse_json

HINT = "Give a file that Wirescope exported; as JSON a circuit is always read back."


def head_of(circuit: Circuit) -> str:
    """All but the edges, in ASCII and in one line."""
    head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "graph": shape_of(circuit.graph)}
    head |= {"about": circuit.about}
    head |= {"spans": list(circuit.spans)} if circuit.spans else {}
    head |= {"groups": groups_of(circuit)} if circuit.groups else {}
    head |= {"notes": note_rows(circuit)} if circuit.notes else {}
    return json.dumps(head)


def circuit_from(head: str, edges: Iterable[tuple[int, str, float | None]]) -> Circuit:
    """A circuit again. edges: rank, name, score, in any order, and an edge more than once where it has several ends.
    Raises InputError."""
    document = parse_json(head, "What the file says of its circuit", HINT)
    try:
        if document["format"] != FORMAT or document["version"] > VERSION:
            raise InputError("The file's circuit is of another program, or of a newer Wirescope.", HINT)
        graph = graph_from(document["graph"])
        spans = spans_in(document) if "spans" in document else ()
        by_rank: dict[int, tuple[str, float | None]] = {}
        for rank, name, score in edges:
            if by_rank.setdefault(int(rank), (name, score)) != (name, score):
                raise InputError(f"Two edges of the file have the rank {rank}.", HINT)
        ranked = [by_rank[rank] for rank in sorted(by_rank)]
        circuit = circuit_of(graph, [name for name, _ in ranked], spans)
        if len(circuit) != len(ranked):
            raise InputError("The file names an edge twice, or one without its span.", HINT)
        values = np.array([np.nan if score is None else score for _, score in ranked], dtype=np.float64)
        about = {str(key): str(value) for key, value in document["about"].items()}
        groups = groups_in(document["groups"], graph) if "groups" in document else ()
        notes = notes_in(document["notes"]) if "notes" in document else ()
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"What the file says of its circuit lacks {error}.", HINT) from None
    except (ArgumentError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"The file's circuit cannot be read: {error}", HINT) from None
    scored = any(score is not None for _, score in ranked)
    return replace(circuit, values=values if scored else None, about=about, groups=groups, notes=notes)
