"""What a node reads and writes most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.graph import Graph, Node
from core.tracing.ranking import Ranking, strongest_of
from views.panels.inspector.data import Link

LINKS = 6  # rows of "reads most" and of "writes most to"


def edges_at(graph: Graph, node: Node) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the edges into and out of a node."""
    into = [np.asarray(graph.edges_into(port), dtype=np.int64) for port in graph.ports(node)]
    none = np.empty(0, dtype=np.int64)
    return np.concatenate(into) if into else none, graph.edges_out_of(node) if node.kind != "logits" else none


def links(graph: Graph, ranking: Ranking, node: Node) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """What a node reads most and writes most to."""
    scores, signed, direction = ranking.values, ranking.meaning.signed, ranking.direction
    incoming, outgoing = edges_at(graph, node)
    reads = []
    for index in strongest_of(scores, incoming, LINKS).tolist():
        edge = graph.edge(index)
        port = f" ⟨{edge.reader.kind}⟩" if edge.reader.kind in ("q", "k", "v") else ""
        reads.append(Link(index, edge.writer.name + port, float(scores[index]), signed, direction))
    writes = [
        Link(index, graph.edge(index).reader.name, float(scores[index]), signed, direction)
        for index in strongest_of(scores, outgoing, LINKS).tolist()
    ]
    return tuple(reads), tuple(writes)
