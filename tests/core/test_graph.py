"""Names, numbers and edges of the computation graph."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.errors import ArgumentError
from core.graph import INPUT, LOGITS, Edge, Graph, Node, Reader

SMALL = Graph(layers=2, heads=2, kv_heads=2)
GROUPED = Graph(layers=2, heads=4, kv_heads=2)
PARALLEL = Graph(layers=2, heads=2, kv_heads=2, parallel=True)


def test_the_smallest_graph_is_what_one_draws_on_paper() -> None:
    graph = Graph(layers=1, heads=1, kv_heads=1)
    assert [node.name for node in graph.nodes] == ["input", "a0.h0", "m0", "logits"]
    assert [reader.name for reader in graph.readers] == ["a0.h0<q>", "a0.h0<k>", "a0.h0<v>", "m0", "logits"]
    assert graph.names == [
        "input->a0.h0<q>",
        "input->a0.h0<k>",
        "input->a0.h0<v>",
        "input->m0",
        "a0.h0->m0",
        "input->logits",
        "a0.h0->logits",
        "m0->logits",
    ]


def test_known_sizes() -> None:
    """GPT-2 small by EAP-IG's count; SmolLM2-135M with native K/V edges."""
    assert Graph(layers=12, heads=12, kv_heads=12).n_edges == 32491
    smollm2 = Graph(layers=30, heads=9, kv_heads=3)
    assert smollm2.n_edges == 70651
    assert len(smollm2.nodes) == 302


@pytest.mark.parametrize("graph", [SMALL, GROUPED, PARALLEL], ids=["full", "grouped", "parallel"])
def test_edges_are_all_pairs_of_a_writer_and_a_later_reader(graph: Graph) -> None:
    def time_of_writing(node: Node) -> float:
        return -1 if node.kind == "input" else node.layer + (0.5 if node.kind == "mlp" else 0.25)

    def time_of_reading(reader: Reader) -> float:
        if reader.kind == "logits":
            return graph.layers
        return reader.layer + (0.4 if reader.kind == "mlp" and not graph.parallel else 0.1)

    expected = {
        f"{writer.name}->{reader.name}"
        for writer, reader in itertools.product(graph.writers, graph.readers)
        if time_of_writing(writer) < time_of_reading(reader)
    }
    assert set(graph.names) == expected
    assert len(graph.names) == graph.n_edges == len(graph.edges)


@pytest.mark.parametrize("graph", [SMALL, GROUPED, PARALLEL], ids=["full", "grouped", "parallel"])
def test_numbers_names_and_arrays_agree(graph: Graph) -> None:
    for number, (edge, name) in enumerate(zip(graph.edges, graph.names, strict=True)):
        assert graph.edge(number) == graph.edges[number] == graph.parse(name) == edge
        assert (
            graph.index(name) == graph.edge_index(edge) == graph.edges.index(name) == graph.edges.index(edge) == number
        )
        assert graph.writers[graph.edge_writers[number]] == edge.writer
        assert graph.readers[graph.edge_readers[number]] == edge.reader
        assert number in graph.edges_into(edge.reader)
        assert number in graph.edges_out_of(edge.writer)
    for node in graph.nodes:
        entering = [i for i, e in enumerate(graph.edges) if node in graph.readers_of(e.reader)]
        assert sorted(i for port in graph.ports(node) for i in graph.edges_into(port)) == entering
    assert graph.edges[-1] == graph.edge(graph.n_edges - 1)
    assert graph.edges[1:3] == [graph.edge(1), graph.edge(2)]


def test_grouped_heads_share_the_ports_of_their_key_value_head() -> None:
    assert [port.name for port in GROUPED.ports(Node("head", 1, 3))] == ["a1.h3<q>", "a1.kv1<k>", "a1.kv1<v>"]
    assert GROUPED.readers_of(Reader("k", 1, 1, True)) == (Node("head", 1, 2), Node("head", 1, 3))
    assert GROUPED.readers_of(Reader("q", 1, 1)) == (Node("head", 1, 1),)
    assert SMALL.ports(INPUT) == ()
    assert SMALL.ports(LOGITS) == (Reader("logits"),)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("a1.h0", Node("head", 1, 0)),
        ("m1", Node("mlp", 1)),
        ("input", INPUT),
        ("logits", Reader("logits")),
        ("->m1", Reader("mlp", 1)),
        ("a1.h0<v>", Reader("v", 1, 0)),
        ("->a1.h0<v>", Reader("v", 1, 0)),
        (" m0 → a1.h0⟨q⟩ ", Edge(Node("mlp", 0), Reader("q", 1, 0))),
        ("a0.h1 -> logits", Edge(Node("head", 0, 1), Reader("logits"))),
    ],
)
def test_names_mean(name: str, meaning: object) -> None:
    assert SMALL.parse(name) == meaning


@pytest.mark.parametrize(
    ("graph", "name", "suggestion"),
    [
        (SMALL, "a0.h9->a1.h0<q>", "a0.h"),
        (SMALL, "m0->a1.h0<z>", "m0->a1.h0<"),
        (SMALL, "m0-a1.h0<q>", "a1.h0<q>"),
        (SMALL, "imput->m1", "input->m1"),
        (SMALL, "M1", "m1"),
        (GROUPED, "m0->a1.h3<k>", "a1.kv1<k>"),
        (SMALL, "m0->a1.kv1<k>", "a1.h1<k>"),
        (SMALL, "a0.h1<x>", "a0.h1<"),
    ],
)
def test_unknown_names_are_refused_with_near_ones(graph: Graph, name: str, suggestion: str) -> None:
    with pytest.raises(ArgumentError, match=r"Did you mean|it is written") as caught:
        graph.parse(name)
    assert suggestion in str(caught.value)


def test_no_name_is_suggested_twice() -> None:
    with pytest.raises(ArgumentError) as caught:
        SMALL.parse("m9")
    near = caught.value.hint.split("?")[0].removeprefix("Did you mean ").split(" or ")
    assert len(near) == len(set(near)) == 2


@pytest.mark.parametrize("name", ["", "->", "m0->", "a->b->c", "nonsense", "a1.h0<q>->m1", "logits->m0"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError):
        SMALL.parse(name)


def test_an_edge_that_goes_back_is_refused_with_the_reason() -> None:
    with pytest.raises(ArgumentError, match="writes after"):
        SMALL.index("m1->a0.h0<q>")
    with pytest.raises(ArgumentError, match="writes after"):
        SMALL.index("a0.h0->a0.h1<q>")
    with pytest.raises(ArgumentError, match=r"writes after .* beside each other"):
        PARALLEL.index("a0.h0->m0")
    with pytest.raises(ArgumentError, match="not an edge"):
        SMALL.index("m1")


def test_numbers_outside_the_graph_are_refused() -> None:
    for number in (-1, SMALL.n_edges):
        with pytest.raises(ArgumentError, match=str(SMALL.n_edges)):
            SMALL.edge(number)
    with pytest.raises(IndexError):
        SMALL.edges[SMALL.n_edges]
    with pytest.raises(ArgumentError, match="does not write"):
        SMALL.edges_out_of(LOGITS)


def test_every_index_array_is_as_long_as_its_graph() -> None:
    assert SMALL.first_edge.tolist()[-1] == SMALL.n_edges == len(SMALL.edge_readers) == len(SMALL.edge_writers)
    assert np.array_equal(
        SMALL.edges_into(Reader("mlp", 0)), [SMALL.index(f"{w}->m0") for w in ("input", "a0.h0", "a0.h1")]
    )
