"""Graphs and canvas data that the tests of the canvas draw."""

import numpy as np

from core.graph import Graph, Node
from views.canvas.data import CanvasData, EdgeMark, NodeMark

SMALL = Graph(4, 8, 8)
GROUPED = Graph(30, 9, 3)
ODD = Graph(12, 6, 6)


def canvas_data(graph: Graph, *names: str, **fields) -> CanvasData:
    """Some edges by name, each weaker than the one before; their ends are named nodes."""
    marks, nodes = [], {}
    for number, name in enumerate(names):
        edge = graph.edge(graph.index(name))
        marks.append(EdgeMark(graph.index(name), (-1) ** number / (number + 1), measured=number % 2 == 0))
        for node in (edge.writer, graph.readers_of(edge.reader)[0]):
            nodes[node] = NodeMark(named=True)
    return CanvasData(graph, tuple(marks), nodes, **fields)


def random_data(graph: Graph, count: int, seed: int = 0) -> CanvasData:
    rng = np.random.default_rng(seed)
    indices = rng.choice(graph.n_edges, count, replace=False).tolist()
    values = rng.standard_normal(count)
    marks = tuple(EdgeMark(i, float(v), bool(v > 0)) for i, v in zip(indices, values, strict=True))
    return CanvasData(graph, marks)


def head(layer: int, number: int) -> Node:
    return Node("head", layer, number)
