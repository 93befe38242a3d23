"""The strongest ways to the output against all ways there are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.graph import LOGITS, Edge, Graph, Node, Reader
from core.lens.paths import Paths


def all_ways(graph: Graph, scores: np.ndarray, node: Node) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every way from a node to the output, one edge at a time."""
    if node == LOGITS:
        yield 1.0, ()
        return
    out = graph.edges_out_of(node)
    total = np.abs(scores[out]).sum()
    for index in out:
        share = abs(scores[index]) / total if total else 0.0
        if share:
            for following in graph.readers_of(graph.edge(int(index)).reader):
                for rest, edges in all_ways(graph, scores, following):
                    yield share * rest, (int(index), *edges)


@pytest.mark.parametrize("graph", [Graph(3, 2, 2), Graph(2, 4, 2), Graph(2, 2, 1, parallel=True)])
@pytest.mark.parametrize("kept", [1.0, 0.4])
def test_the_best_ways_are_those_of_brute_force(graph: Graph, kept: float) -> None:
    rng = np.random.default_rng(graph.n_edges)
    scores = rng.normal(size=graph.n_edges) * (rng.random(graph.n_edges) < kept)
    paths = Paths(graph, scores, count=3)
    starts = [Edge(graph.writers[0], Reader("mlp", 0)), Edge(graph.writers[0], graph.readers[0])]
    starts.append(Edge(graph.writers[0], graph.ports(Node("head", 0, 0))[1]))
    for edge in starts:
        ways = [way for node in graph.readers_of(edge.reader) for way in all_ways(graph, scores, node)]
        best = sorted((share for share, _ in ways), reverse=True)[:3]
        found = paths.on_from(edge)
        assert [path.share for path in found] == pytest.approx(best)
        for path in found:
            assert (pytest.approx(path.share), path.edges) in [(share, edges) for share, edges in ways]
            assert path.nodes[-1] == LOGITS
            for node, following, index in zip(path.nodes[:-1], path.nodes[1:], path.edges, strict=True):
                assert graph.edge(index).writer == node
                assert following in graph.readers_of(graph.edge(index).reader)


def test_an_edge_to_the_logits_is_there_already() -> None:
    graph = Graph(1, 1, 1)
    (path,) = Paths(graph, np.ones(graph.n_edges)).on_from(Edge(Node("mlp", 0), Reader("logits")))
    assert path.nodes == (LOGITS,)
    assert path.edges == ()


def test_where_nothing_is_kept_there_is_no_way() -> None:
    graph = Graph(2, 1, 1)
    assert Paths(graph, np.zeros(graph.n_edges)).on_from(Edge(graph.writers[0], Reader("mlp", 0))) == []
