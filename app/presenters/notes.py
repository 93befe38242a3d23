"""Notes of the user's on the canvas and in files of what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.circuit import AT, Circuit
from core.edge_arrays import readers_at, writers_at
from core.errors import WirescopeError
from core.graph import LOGITS, Edge, Graph, Node
from core.notes import Note
from core.project.project import Project
from core.project.target_names import target_named
from views.canvas.data import CanvasData, NodeMark


def with_notes(data: CanvasData, notes: Mapping[str, Note]) -> CanvasData:
    """The same with the notes and the own names of its nodes, and the notes of the edges that are shown. notes: by the
    names of nodes and edges."""
    if not notes:
        return data
    nodes, edges = dict(data.nodes), {}
    for name, note in notes.items():
        target = target_in(data.graph, name)
        if isinstance(target, Node):
            nodes[target] = replace(nodes.get(target, NodeMark()), note=note.text, called=note.name)
        elif target is not None:
            edges[data.graph.edge_index(target)] = note.text
    marks = tuple(replace(mark, note=edges[mark.index]) if mark.index in edges else mark for mark in data.edges)
    return replace(data, nodes=nodes, edges=marks if edges else data.edges)


def target_in(graph: Graph, name: str) -> Node | Edge | None:
    """A node or an edge of a graph by its name; None where it has none of that name."""
    try:
        target = target_named(name)
        if isinstance(target, Node):
            return target if target == LOGITS or graph.writer_index(target.whole) >= 0 else None
        graph.edge_index(target)
    except WirescopeError:
        return None
    return target


def notes_of_project(project: Project) -> tuple[dict[str, Note], str]:
    """Those of a project on nodes and edges of its present model, by their names, and that on its present circuit."""
    present = project.document
    parts = [note for note in project.notes if note.about in ("node", "edge")]
    of_model = [note for model in ("", present.model) for note in parts if note.model == model]
    on_circuits = [note for note in project.notes if note.about == "circuit" and _is_step(note, project)]
    shown = (note.text for note in on_circuits if project.steps[int(note.target)].document.circuit == present.circuit)
    return {note.target: note for note in of_model}, next(shown, "") if present.size is not None else ""


def _is_step(note: Note, project: Project) -> bool:
    return note.target.isdecimal() and int(note.target) < len(project.steps)


def noted(circuit: Circuit, notes: Mapping[str, Note], on_it: str) -> Circuit:
    """A circuit with the notes on it and on what is in it, for its files. on_it: the note on the circuit."""
    if not notes and not on_it:
        return circuit
    kept = tuple(replace(note, model="") for name, note in notes.items() if _is_in(circuit, name))
    return replace(circuit, notes=((Note("circuit", "", on_it), *kept) if on_it else kept))


def _is_in(circuit: Circuit, name: str) -> bool:
    """Whether a circuit has an edge of that name, or a node at an end of one. Its edges are looked up by number: a
    circuit may have 100,000, and few have notes."""
    if AT in name:
        return circuit.at is not None and name in circuit.names
    graph, target = circuit.graph, target_in(circuit.graph, name)
    if target is None or target.name != name:
        return False
    if isinstance(target, Edge):
        return bool((circuit.edges == graph.edge_index(target)).any())
    ports = [graph.reader_index(port) for port in graph.ports(target)]
    if np.isin(readers_at(graph, circuit.edges), ports).any():
        return True
    return target != LOGITS and bool((writers_at(graph, circuit.edges) == graph.writer_index(target.whole)).any())
