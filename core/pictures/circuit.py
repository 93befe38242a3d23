"""A circuit by layers, laid out compactly: `input` below, `logits` on top. Blue edges lead towards A's behaviour,
orange ones away from it; without scores they are grey."""

from __future__ import annotations

from collections.abc import Sequence

from core.graph import Edge, Graph
from core.groups import Group
from core.pictures.layered import Box, lay_out, sizes_for
from core.pictures.picture import INK, QUIET, drawing, label, plain, shade

LETTER = 6.0  # width of a letter of a node's name, at most
MARGIN = 6.0


def circuit_svg(
    graph: Graph,
    edges: Sequence[Edge],
    words: Sequence[str],
    scores: Sequence[float | None],
    title: str,
    groups: Sequence[Group] = (),
) -> str:
    """edges: the most important first, with their words and their scores in the direction of A. groups: are kept
    together."""
    laid = lay_out(graph, edges, lambda text: LETTER * len(text), sizes_for(edges), groups)
    largest = max((abs(score) for score in scores if score is not None), default=0.0)
    parts = []
    for line in reversed(laid.lines):  # the most important on top
        score = scores[line.edge]
        share = 0.4 if score is None or not largest else abs(score) / largest
        colour = "#9aa0a8" if score is None else shade((0.35 + 0.65 * share) * (1 if score >= 0 else -1), 1)
        start, *rest = (f"{x:.1f},{y:.1f}" for x, y in line.points)
        tip = f"<title>{plain(words[line.edge])}{'' if score is None else f': {score:.4g}'}</title>"
        style = f"fill='none' stroke='{colour}' stroke-width='{0.8 + 2.6 * share:.2f}'"
        parts.append(f"<path d='M{start} C{' '.join(rest)}' {style}>{tip}</path>")
    parts += [_box(box) for box in laid.boxes]
    moved = f"<g transform='translate({MARGIN:g},{MARGIN:g})'>{''.join(parts)}</g>"
    return drawing(laid.width + 2 * MARGIN, laid.height + 2 * MARGIN, [moved], title)


def _box(box: Box) -> str:
    radius = 8 if box.node.kind == "head" else 2
    place = f"x='{box.left:.1f}' y='{box.top:.1f}' width='{box.width:.1f}' height='{box.height:.1f}' rx='{radius}'"
    ports = [label(x, box.bottom - 3.5, port, size=9, anchor="middle", colour=QUIET) for port, x in box.ports]
    shape = f"<rect {place} fill='#ffffff' stroke='{INK}' stroke-width='1'><title>{box.name}</title></rect>"
    return shape + label(box.middle, box.top + 14, box.name, anchor="middle") + "".join(ports)
