"""Circuits as files: read back, and read by others."""

from __future__ import annotations

import io
import json
import random
import re
from typing import Any

import networkx as nx
import numpy as np
import pytest

from core.circuit import Circuit, circuit_of
from core.errors import ArgumentError, InputError
from core.graph import Graph, Node
from core.interchange.circuit_json import from_json
from tests.core.engine.cases import case

FULL = Graph(layers=3, heads=2, kv_heads=2)
GROUPED = Graph(layers=2, heads=4, kv_heads=2)
PARALLEL = Graph(layers=2, heads=2, kv_heads=2, parallel=True)
GRAPHS = {"full": FULL, "grouped": GROUPED, "parallel": PARALLEL}


def some_circuit(graph: Graph, scored: bool = True) -> Circuit:
    edges = np.asarray(random.Random(0).sample(range(graph.n_edges), 20), dtype=np.int64)
    values = np.random.default_rng(0).normal(size=20) if scored else None
    return Circuit(graph, edges, values, {"model": 'a "model" <é>', "metric": 'logit(" Mary")'})


def drawn(circuit: Circuit) -> list[tuple[str, str, str]]:
    """(from, to, port) of every line: an edge into a shared K/V head leads to each head of its group."""
    return [
        (edge.writer.name, node.name, edge.reader.kind)
        for edge in circuit
        for node in circuit.graph.readers_of(edge.reader)
    ]


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("scored", [True, False])
def test_json_is_read_back_as_it_was(graph: Graph, scored: bool) -> None:
    circuit = some_circuit(graph, scored)
    back = from_json(circuit.to_json())
    assert back.graph == circuit.graph
    assert back.edges.tolist() == circuit.edges.tolist(), "in the same order"
    assert back.about == circuit.about
    if scored:
        assert back.values is not None
        assert circuit.values is not None
        assert back.values.tolist() == circuit.values.tolist(), "to the last bit"
    else:
        assert back.values is None
    assert from_json(back.to_json()).to_json() == circuit.to_json()


def test_an_empty_circuit_is_read_back_too() -> None:
    assert len(from_json(circuit_of(FULL, []).to_json())) == 0


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("scored", [True, False])
def test_networkx_reads_the_graphml(graph: Graph, scored: bool) -> None:
    circuit = some_circuit(graph, scored)
    text = circuit.to_graphml()
    read = nx.read_graphml(io.BytesIO(text.encode()), force_multigraph=True)
    assert sorted((u, v, data["port"]) for u, v, data in read.edges(data=True)) == sorted(drawn(circuit))
    assert {data["name"] for _, _, data in read.edges(data=True)} == set(circuit.names)
    assert read.graph["model"] == circuit.about["model"]
    for name, data in read.nodes(data=True):
        node = Node(data["kind"], data["layer"], int(name.partition(".h")[2] or 0))
        assert node.name == name
    if scored:
        assert circuit.values is not None
        scores = {data["name"]: data["score"] for _, _, data in read.edges(data=True)}
        assert scores == pytest.approx(dict(zip(circuit.names, circuit.values, strict=True)))


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("scored", [True, False])
def test_dot_has_every_edge(graph: Graph, scored: bool) -> None:
    circuit = some_circuit(graph, scored)
    text = circuit.to_dot()
    assert text.startswith("digraph circuit {")
    assert text.rstrip().endswith("}")
    assert text.count("{") == text.count("}")
    found = []
    for u, v, options in re.findall(r'"([^"]+)" -> "([^"]+)" \[(.*)\];', text):
        port = re.search(r'label="([qkv])"', options)
        found.append((u, v, port[1] if port else ("logits" if v == "logits" else "mlp")))
    assert found == drawn(circuit)
    if circuit.values is not None:
        blue = text.count("#0b6bd8")
        assert blue == sum(
            len(graph.readers_of(e.reader)) for e, v in zip(circuit, circuit.values, strict=True) if v >= 0
        )


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_tikz_has_every_edge_between_nodes_that_it_places(graph: Graph) -> None:
    circuit = some_circuit(graph)
    text = circuit.to_tikz()
    assert "\\begin{tikzpicture}" in text
    assert "\\end{tikzpicture}" in text
    placed = dict(re.findall(r"\\node\[called\] \(([^)]+)\) at \(([^)]+)\)", text))
    assert len(set(placed.values())) == len(placed), "no two nodes in one place"
    assert {name.replace("-", ".") for name in placed} == {name for u, v, _ in drawn(circuit) for name in (u, v)}
    wires = re.findall(r"\\draw\[wire, .*; % (\S+)", text)
    ends = [edge.name for edge in circuit for _ in circuit.graph.readers_of(edge.reader)]
    assert wires == ends[::-1], "the best is drawn last"


def test_exports_of_an_empty_circuit_are_whole_files() -> None:
    empty = circuit_of(FULL, [])
    assert nx.read_graphml(io.BytesIO(empty.to_graphml().encode())).number_of_edges() == 0
    assert empty.to_dot().rstrip().endswith("}")
    assert "\\end{tikzpicture}" in empty.to_tikz()


def test_a_circuit_of_another_graph_is_refused() -> None:
    session = case("gpt2").session()
    other = from_json(some_circuit(FULL).to_json())
    with pytest.raises(ArgumentError, match="another model"):
        session.run_circuit(other)
    own = from_json(circuit_of(session.graph, ["input->logits"]).to_json())
    assert session.run_circuit(own).metric.shape == (1,)


def changed(**parts: Any) -> str:
    document = json.loads(some_circuit(FULL).to_json())
    return json.dumps({**document, **parts})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "3",
        "null",
        "{}",
        changed(format="other"),
        changed(graph={"layers": 1}),
        changed(graph={"layers": 3, "heads": 2, "kv_heads": 2, "parallel": False, "extra": 1}),
        changed(graph=None),
        changed(graph={"layers": -1, "heads": 2, "kv_heads": 2, "parallel": False}),
        changed(graph={"layers": "3", "heads": 2, "kv_heads": 2, "parallel": False}),
        changed(graph={"layers": 3, "heads": 2, "kv_heads": 0, "parallel": False}),
        changed(graph={"layers": 3, "heads": 4, "kv_heads": 3, "parallel": False}),
        changed(graph={"layers": 10**9, "heads": 2, "kv_heads": 2, "parallel": False}),
        changed(edges=[{"edge": "a9.h9->logits"}]),
        changed(edges=[{"edge": 3}]),
        changed(edges=[{"edge": "m0->logits"}, {"edge": "m1->logits"}, {"edge": "m0->logits"}]),
        changed(edges=[{"name": "m0->logits"}]),
        changed(edges=[{"edge": "m0->logits", "score": "high"}]),
        changed(edges="m0->logits"),
        changed(about=3),
        changed(version="new"),
    ],
)
def test_what_is_no_circuit_is_refused(text: str) -> None:
    with pytest.raises((InputError, ArgumentError)):
        from_json(text)


def test_a_file_of_a_newer_version_is_refused() -> None:
    with pytest.raises(InputError, match="newer Wirescope"):
        from_json(changed(version=2))
