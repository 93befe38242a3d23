"""What is made of all edges reader by reader is what their arrays of writers and readers say."""

from __future__ import annotations

import numpy as np
import pytest

from core.edge_arrays import edges_at_either, edges_between, ends_of_part, readers_at, sums_by_writer, writers_at
from core.graph import Graph
from core.towers_graph import TowersGraph

GRAPHS = {
    "shared K/V heads": Graph(3, 4, 2),
    "parallel": Graph(3, 2, 2, parallel=True),
    "two towers": TowersGraph(2, 3, 3, text=Graph(3, 2, 2)),
}


@pytest.fixture(params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> Graph:
    return GRAPHS[request.param]


def test_the_ends_of_edges_are_those_of_their_names(graph: Graph) -> None:
    every = np.arange(graph.n_edges)
    for edges in (every, every[::-3], every[:0]):
        writers, readers = writers_at(graph, edges), readers_at(graph, edges)
        assert np.array_equal(writers, graph.edge_writers[edges])
        assert np.array_equal(readers, graph.edge_readers[edges])
        named = [f"{graph.writers[w].name}->{graph.readers[r].name}" for w, r in zip(writers, readers, strict=True)]
        assert named == [graph.names[edge] for edge in edges]
    assert [graph.edge(edge).name for edge in range(graph.n_edges)] == graph.names


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_parts_have_the_ends_of_all(graph: Graph, size: int) -> None:
    starts = range(0, graph.n_edges, size)
    ends = [ends_of_part(graph, slice(start, min(start + size, graph.n_edges))) for start in starts]
    assert np.array_equal(np.concatenate([writers for writers, _ in ends]), graph.edge_writers)
    assert np.array_equal(np.concatenate([readers for _, readers in ends]), graph.edge_readers)


def test_sums_by_writer_are_those_of_one_edge_after_the_other_in_every_bit(graph: Graph) -> None:
    values = np.random.default_rng(0).normal(size=graph.n_edges) * 10.0 ** np.random.default_rng(1).integers(-9, 9)
    sums = [0.0] * graph.n_writers
    for writer, value in zip(graph.edge_writers.tolist(), values.tolist(), strict=True):
        sums[writer] += value
    assert sums_by_writer(graph, values).tolist() == sums


def test_edges_of_some_writers_and_readers(graph: Graph) -> None:
    random = np.random.default_rng(0)
    writers, readers = random.random(graph.n_writers) < 0.3, random.random(len(graph.readers)) < 0.3
    leaves, enters = writers[graph.edge_writers], readers[graph.edge_readers]
    assert np.array_equal(edges_between(graph, writers, readers), leaves & enters)
    assert np.array_equal(edges_between(graph, None, readers), enters)
    assert np.array_equal(edges_between(graph, writers, None), leaves)
    assert edges_between(graph, None, None).all()
    assert np.array_equal(edges_at_either(graph, writers, readers), leaves | enters)
