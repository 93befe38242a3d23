"""A circuit by layers: `input` below, `logits` on top, the heads of a layer in a row and its MLP at the end, each where
it always is. Blue edges lead towards A's behaviour, orange ones away from it; without scores they are grey."""

from __future__ import annotations

from collections.abc import Sequence

from core.graph import Graph, Node
from core.pictures.picture import INK, QUIET, drawing, label, plain, shade

ROW, COLUMN, RADIUS, LEFT = 44.0, 46.0, 13.0, 40.0
Line = tuple[Node, Node, str, float | None]  # from, to, words, score in the direction of A


def circuit_svg(graph: Graph, lines: Sequence[Line], title: str) -> str:
    """lines: the edges, the most important first. Rows of layers that have no node are left out."""
    nodes = {node for writer, reader, _, _ in lines for node in (writer, reader)} | {Node("input"), Node("logits")}
    layers = sorted({node.layer for node in nodes if node.kind in ("head", "mlp")})
    height = (len(layers) + 2) * ROW + 10
    columns = graph.heads + 1
    width = LEFT + columns * COLUMN + 10

    def place(node: Node) -> tuple[float, float]:
        if node.kind in ("input", "logits"):
            y = height - ROW / 2 - 4 if node.kind == "input" else ROW / 2
            return LEFT + (columns - 1) * COLUMN / 2 + COLUMN / 2, y
        y = height - ROW / 2 - 4 - (layers.index(node.layer) + 1) * ROW
        column = node.head if node.kind == "head" else graph.heads
        return LEFT + (column + 0.5) * COLUMN, y

    sizes = [abs(score) for *_, score in lines if score is not None]
    largest = max(sizes, default=0.0)
    parts = [label(4, place(Node("mlp", layer))[1] + 3, f"{layer}", colour=QUIET) for layer in layers]
    for writer, reader, words, score in reversed(lines):  # the most important on top
        (x1, y1), (x2, y2) = place(writer), place(reader)
        share = 0.4 if score is None or not largest else abs(score) / largest
        colour = "#9aa0a8" if score is None else shade((0.35 + 0.65 * share) * (1 if score >= 0 else -1), 1)
        if y1 == y2:  # within a layer: over the heads between
            over = y1 - RADIUS - 12
            ends = f"{x1 + 8:.1f},{over:.1f} {x2 - 8:.1f},{over:.1f}"
            path = f"M{x1:.1f},{y1 - RADIUS:.1f} C{ends} {x2:.1f},{y2 - RADIUS:.1f}"
        else:
            bend = (y1 + y2) / 2
            path = f"M{x1:.1f},{y1 - RADIUS:.1f} C{x1:.1f},{bend:.1f} {x2:.1f},{bend:.1f} {x2:.1f},{y2 + RADIUS:.1f}"
        tip = f"<title>{plain(words)}{'' if score is None else f': {score:.4g}'}</title>"
        parts.append(
            f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='{0.8 + 2.6 * share:.2f}'>{tip}</path>"
        )
    for node in sorted(nodes, key=lambda node: (node.kind, node.layer, node.head)):
        x, y = place(node)
        parts.append(_node(node, x, y))
    return drawing(width, height, parts, title)


def _node(node: Node, x: float, y: float) -> str:
    name = {"head": f"h{node.head}", "mlp": "m"}.get(node.kind, node.kind)
    style = f"fill='#ffffff' stroke='{INK}' stroke-width='1'"
    tip = f"<title>{node.name}</title>"
    if node.kind == "head":
        shape = f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{RADIUS:g}' {style}>{tip}</circle>"
    else:
        half = RADIUS if node.kind == "mlp" else 24
        box = f"x='{x - half:.1f}' y='{y - RADIUS:.1f}' width='{2 * half:g}' height='{2 * RADIUS:g}' rx='3'"
        shape = f"<rect {box} {style}>{tip}</rect>"
    return shape + label(x, y + 3.5, name, anchor="middle")
