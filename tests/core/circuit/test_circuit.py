"""Circuits and what is connected in them, against paths that networkx finds."""

from __future__ import annotations

import random

import networkx as nx
import numpy as np
import pytest

from core.circuit import Circuit, circuit_of
from core.errors import ArgumentError
from core.graph import Graph

GRAPHS = {"full": Graph(3, 2, 2), "grouped": Graph(2, 4, 2), "parallel": Graph(2, 2, 2, parallel=True)}


def on_a_path(circuit: Circuit) -> list[str]:
    """Edges on a path from `input` to `logits`. An edge into a shared K/V head feeds all heads of its group."""
    found = nx.DiGraph()
    found.add_nodes_from(["input", "logits"])
    for edge in circuit:
        for node in circuit.graph.readers_of(edge.reader):
            found.add_edge(edge.writer.name, node.name)
    fed = nx.descendants(found, "input") | {"input"}
    used = nx.ancestors(found, "logits") | {"logits"}
    return [
        edge.name
        for edge in circuit
        if edge.writer.name in fed and any(node.name in used for node in circuit.graph.readers_of(edge.reader))
    ]


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_pruning_keeps_the_edges_on_paths_from_input_to_logits(graph: Graph) -> None:
    rng = random.Random(0)
    sizes = set()
    for _ in range(60):
        edges = np.asarray(rng.sample(range(graph.n_edges), rng.randint(0, 25)), dtype=np.int64)
        circuit = Circuit(graph, edges, edges.astype(float), {"model": "test"})
        pruned = circuit.pruned()
        assert pruned.names == on_a_path(circuit)
        assert pruned.values is not None
        assert pruned.values.tolist() == pruned.edges.tolist(), "scores stay with their edges"
        assert pruned.about == circuit.about
        sizes.add(len(pruned))
    assert len(sizes) > 5


def test_a_circuit_of_names() -> None:
    graph = GRAPHS["full"]
    circuit = circuit_of(graph, ["m0->logits", graph.edge(0)])
    assert circuit.names == ["m0->logits", "input->a0.h0<q>"]
    assert [edge.name for edge in circuit] == circuit.names
    assert len(circuit) == 2
    assert circuit.score(0) is None
    assert circuit_of(graph, ["m0->logits", graph.edge(0), "m0->logits"]).names == circuit.names, "a set: each once"
    with pytest.raises(ArgumentError, match="m0->logits"):
        circuit_of(graph, ["m0->logit"])
