"""Walking on the graph by keyboard.

    Left, Right          the next node of the layer: its heads, then its MLP
    Up, Down             the same column of the next layer; `logits` above the last, `input` below the first
    Alt+Up, Alt+Down     along the strongest shown edge: up to where the node is read, down to what it reads
    Enter                on a node: select its strongest shown edge, first of those that leave it;
                         on an edge: go to the node that reads it
    Left, Right          on an edge: the next shown edge of the same reading node, by place of the writer
    Up, Down             on an edge: its reading node, its writer

With nothing selected, a walk starts at `input`. Where there is nothing to go to, the selection stays.
"""

from __future__ import annotations

from core.graph import INPUT, LOGITS, Edge, Graph, Node
from views.canvas.scene import Scene
from views.data import Target


def step(graph: Graph, node: Node, dx: int, dy: int, column: int = 0) -> Node:
    """The neighbour of a node. Columns are the heads, then the MLP; `column` is where to enter the layers
    when coming from a bar."""
    if node.kind in ("input", "logits"):
        up = node.kind == "input"
        if dx or (dy > 0) != up:
            return node
        return _at(graph, 0 if up else graph.layers - 1, column)
    here = graph.heads if node.kind == "mlp" else node.head
    layer = node.layer + dy
    if layer < 0:
        return INPUT
    if layer >= graph.layers:
        return LOGITS
    return _at(graph, layer, min(max(here + dx, 0), graph.heads))


def column_of(graph: Graph, node: Node) -> int | None:
    """None for the bars."""
    return {"head": node.head, "mlp": graph.heads}.get(node.kind)


def _at(graph: Graph, layer: int, column: int) -> Node:
    return Node("mlp", layer) if column >= graph.heads else Node("head", layer, column)


def strongest(scene: Scene, node: Node, up: bool) -> Edge | None:
    """The strongest shown edge that leaves a node (up) or enters it (down)."""
    places = [place for place, (writer, fed) in enumerate(scene.ends) if (writer == node if up else node in fed)]
    best = max(places, key=lambda place: abs(scene.marks[place].value or 0.0), default=None)
    return None if best is None else scene.edge(best)


def along(scene: Scene, target: Target, up: bool) -> Node | None:
    """Where the strongest shown edge of a node leads; the ends of an edge."""
    edge = target if isinstance(target, Edge) else strongest(scene, target, up)
    if edge is None:
        return None
    return scene.data.graph.readers_of(edge.reader)[0] if up else edge.writer


def enter(scene: Scene, target: Target) -> Target | None:
    """From a node to its strongest shown edge, from an edge to its reading node."""
    if isinstance(target, Edge):
        return along(scene, target, up=True)
    return strongest(scene, target, up=True) or strongest(scene, target, up=False)


def sibling(scene: Scene, edge: Edge, direction: int) -> Edge:
    """The next shown edge into the same node."""
    graph = scene.data.graph
    node = graph.readers_of(edge.reader)[0]
    places = [place for place, (_, fed) in enumerate(scene.ends) if fed[0] == node]
    edges = sorted(
        (scene.edge(place) for place in places),
        key=lambda other: (graph.writer_index(other.writer), graph.reader_index(other.reader)),
    )
    if edge not in edges:
        return edge
    return edges[(edges.index(edge) + direction) % len(edges)]
