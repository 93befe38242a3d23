"""Notes in the files of a circuit."""

from __future__ import annotations

import numpy as np
import pytest

from app.presenters.notes import noted
from core.circuit import Circuit
from core.graph import Graph
from core.notes import Note

GROUPED = Graph(2, 4, 2)


@pytest.mark.parametrize("graph", [GROUPED, Graph(1, 3, 3, parallel=True)], ids=["grouped", "parallel"])
def test_a_circuit_takes_the_notes_on_what_is_in_it_along(graph: Graph) -> None:
    names = [node.name for node in graph.nodes] + graph.names + ["a9.h9", "m9->logits", "nothing"]
    notes = {name: Note("edge" if "->" in name else "node", name, "noted", model="m") for name in names}
    for number, edge in enumerate(graph.edges):
        ends = {edge.name, edge.writer.name, *(node.name for node in graph.readers_of(edge.reader))}
        found = noted(Circuit(graph, np.array([number])), notes, "all of it").notes
        assert found[0] == Note("circuit", "", "all of it")
        assert {note.target for note in found[1:]} == ends
        assert {note.model for note in found[1:]} == {""}


def test_at_spans_a_note_is_on_an_edge_at_all_or_at_one() -> None:
    name = GROUPED.edge(5).name
    circuit = Circuit(GROUPED, np.array([5, 7]), spans=("subject", "end"), at=np.array([1, 0]))
    notes = {each: Note("edge", each, "noted") for each in (name, f"{name}@subject", f"{name}@end")}
    assert [note.target for note in noted(circuit, notes, "").notes] == [name, f"{name}@end"]


def test_a_few_notes_do_not_have_all_edges_named(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, named = Circuit(GROUPED, np.arange(GROUPED.n_edges)), []
    edge = Graph.edge
    monkeypatch.setattr(Graph, "edge", lambda graph, index: named.append(index) or edge(graph, index))
    notes = {name: Note("node", name, "noted") for name in ("m1", "a1.h3", "input")}
    assert len(noted(circuit, notes, "").notes) == 3
    assert not named
