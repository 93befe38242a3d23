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

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from core.edits import Target
from core.graph import INPUT, LOGITS, Edge, Graph, Node
from views.canvas.scene import Scene

_WAYS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def walk(scene: Scene, here: Target | None, key: int, alt: bool, column: int) -> tuple[bool, Target | None, int]:
    """What a key does from where one is: whether it is one of the keys above, where to go, and the column in which
    the layers were left (given and returned)."""
    if key not in _WAYS and key not in _ENTER:
        return False, None, column
    dx, dy = _WAYS.get(Qt.Key(key), (0, 0))
    if here is None:
        return True, INPUT, column
    if key in _ENTER:
        return True, enter(scene, here), column
    if isinstance(here, Edge):
        return True, sibling(scene, here, dx) if dx else along(scene, here, dy > 0), column
    if alt:
        return True, along(scene, here, dy > 0) if dy else here, column
    present = column_of(scene.data.graph, here)
    column = column if present is None else present
    return True, step(scene.data.graph, here, dx, dy, column), column


def step(graph: Graph, node: Node, dx: int, dy: int, column: int = 0) -> Node:
    """The neighbour of a node. Columns are the heads, then the MLP; `column` is where to enter the layers
    when coming from a bar."""
    if graph.towers:
        return _step_in_towers(graph, node, dx, dy, column)
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


def _step_in_towers(graph: Graph, node: Node, dx: int, dy: int, column: int) -> Node:
    """The same in the tower of a node; at its side the other tower's next column, or its input."""
    image, text = (tower.graph for tower in graph.towers)
    prefix, right = graph.writers[-1].tower, bool(node.tower)
    across = dx * (-1 if right else 1) > 0
    here, there = (text, image) if right else (image, text)
    at_side = node.kind == "mlp" if not right else node.kind == "head" and node.head == 0
    if across and node.kind == "input":
        return replace(node, tower="" if right else prefix)
    if across and at_side and node.layer < there.layers:
        other = _at(there, node.layer, there.heads if right else 0)
        return replace(other, tower="" if right else prefix)
    stepped = step(here, replace(node, tower=""), dx, dy, column)
    return replace(stepped, tower=node.tower) if stepped.kind != "logits" else stepped


def column_of(graph: Graph, node: Node) -> int | None:
    """None for the bars."""
    heads = graph.towers[1].graph.heads if node.tower else graph.heads
    return {"head": node.head, "mlp": heads}.get(node.kind)


def _at(graph: Graph, layer: int, column: int) -> Node:
    return Node("mlp", layer) if column >= graph.heads else Node("head", layer, column)


def strongest(scene: Scene, node: Node, up: bool) -> Edge | None:
    """The strongest shown edge that leaves a node (up) or enters it (down)."""
    places = (scene.written_by(node) if up else scene.read_by(node)).tolist()
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
    places = np.flatnonzero(scene.fed == scene.layout.number(node)).tolist()
    edges = sorted(
        (scene.edge(place) for place in places),
        key=lambda other: (graph.writer_index(other.writer), graph.reader_index(other.reader)),
    )
    if edge not in edges:
        return edge
    return edges[(edges.index(edge) + direction) % len(edges)]
