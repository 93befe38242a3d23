"""The strongest ways on from an edge to the output, by estimated scores.

At every node, what leaves it is shared out among its outgoing edges in proportion to the size of their scores; a way is
as strong as the product of its shares:

    share of e at its writer = |score_e| / sum of |score| of the edges that leave the writer

so a way says how much of the edge's estimated effect goes along it, as far as estimates can tell; signs are left to the
edges. Steps: from the last writer to the first, keep the best ways on from each; a reader goes on from the best of the
nodes that it feeds. Cost: one pass over the edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.edge_arrays import readers_at
from core.graph import LOGITS, Edge, Graph, Node


@dataclass(frozen=True)
class Path:
    """nodes: from the one that the first edge feeds to `logits`. edges: the indices of the edges between them. share:
    of what leaves the first node, from 0 to 1."""

    nodes: tuple[Node, ...]
    edges: tuple[int, ...]
    share: float


class Paths:
    """The best ways from every node to `logits`. scores: [edges]; edges that score 0 are not kept. count: how many ways
    of each node."""

    def __init__(self, graph: Graph, scores: NDArray[np.float64], count: int = 3) -> None:
        self._graph = graph
        self._count = count
        readers = len(graph.readers)
        # Of every reader the best ways on: their shares, the node each goes through, and its rank there.
        self._shares = np.zeros((readers, count))
        self._through = np.full((readers, count), -1)
        self._rank = np.zeros((readers, count), dtype=np.int64)
        self._shares[-1, 0] = 1.0  # `logits` is the end
        # Of every node the best ways on: the edge each begins with, and its rank at the reader.
        self._edges: dict[Node, list[tuple[float, int, int]]] = {}
        if graph.towers:
            for tower in graph.towers:
                self._of_tower(tower.graph, graph.writers[int(tower.writers[0])].tower, scores)
        else:
            self._of_tower(graph, "", scores)

    def _of_tower(self, of: Graph, name: str, scores: NDArray[np.float64]) -> None:
        """The ways from all nodes of a model, or of one of two towers. of: its graph; name: as its nodes have it."""
        graph = self._graph
        for layer in reversed(range(of.layers)):
            mlp = Node("mlp", layer, tower=name)
            heads = [Node("head", layer, head, name) for head in range(of.heads)]
            mlp_reader = graph.reader_index(graph.ports(mlp)[0])
            self._leave(mlp, scores)
            self._enter(mlp_reader, (mlp,))
            for head in heads:  # after the MLP, which may read them
                self._leave(head, scores)
            for number in range(graph.reader_index(graph.ports(heads[0])[0]), mlp_reader):
                self._enter(number, graph.readers_of(graph.readers[number]))
        self._leave(Node("input", tower=name), scores)

    def _leave(self, node: Node, scores: NDArray[np.float64]) -> None:
        """The best ways on from a node, once those of all its readers are known."""
        edges = self._graph.edges_out_of(node)
        sizes = np.abs(scores[edges])
        total = sizes.sum()
        if total == 0:
            self._edges[node] = []
            return
        shares = (sizes / total)[:, None] * self._shares[readers_at(self._graph, edges)]
        best = np.argsort(-shares, axis=None, kind="stable")[: self._count]
        ways = [(float(shares.flat[at]), int(edges[at // self._count]), int(at % self._count)) for at in best]
        self._edges[node] = [way for way in ways if way[0] > 0]

    def _enter(self, number: int, nodes: tuple[Node, ...]) -> None:
        """The best ways on from a reader: through the nodes that it feeds."""
        writers = self._graph.writer_index
        ways = [(way[0], writers(node), rank) for node in nodes for rank, way in enumerate(self._edges[node])]
        ways.sort(key=lambda way: -way[0])
        for place, (share, through, rank) in enumerate(ways[: self._count]):
            self._shares[number, place] = share
            self._through[number, place], self._rank[number, place] = through, rank

    def on_from(self, edge: Edge) -> list[Path]:
        """The best ways from the node that an edge feeds to `logits`, the best first; none where nothing is kept on the
        way. A shared K/V head feeds several nodes, each way goes through one of them."""
        number = self._graph.reader_index(edge.reader)
        if edge.reader.kind == "logits":
            return [Path((LOGITS,), (), 1.0)]
        return [self._path(number, place) for place in range(self._count) if self._shares[number, place] > 0]

    def _path(self, number: int, place: int) -> Path:
        share = float(self._shares[number, place])
        nodes: list[Node] = []
        edges: list[int] = []
        while self._through[number, place] >= 0:
            node = self._graph.writers[int(self._through[number, place])]
            _, edge, next_place = self._edges[node][int(self._rank[number, place])]
            nodes.append(node)
            edges.append(edge)
            number, place = self._graph.reader_index(self._graph.edge(edge).reader), next_place
        return Path((*nodes, LOGITS), tuple(edges), share)
