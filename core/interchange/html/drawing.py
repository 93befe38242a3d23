"""The circuit as SVG within the page: nodes in rows, edges behind them. It is there without a script; the page's script
finds edges by `data-e`, their rank from 0, and nodes by `data-node`."""

from __future__ import annotations

from core.circuit import Circuit
from core.component_words import node_words
from core.graph import Node
from core.interchange.drawing import largest_score
from core.interchange.html.text import escaped, figure
from core.pictures.layered import Box, Layered, Line, lay_out, sizes_for
from core.tracing.meaning import hues, leads_away, told_direction
from core.tracing.method import METHODS

LETTER = 6.6  # width of a letter of a node's name, at most
MARGIN = 8.0
MANY = 300  # edges, beyond which they are drawn paler
SOLID = "measured"


def how_scored(circuit: Circuit) -> str:
    """The word beside the scores: "estimated", "measured", "scored", "drawn"."""
    if said := circuit.about.get("scores"):
        return said
    method = METHODS.get(circuit.about.get("method", ""))
    return "scored" if method is None else method.meaning.how


def hue_of(circuit: Circuit, place: int, direction: int | None) -> str:
    """The class of an edge's colour: t towards A, a away from it, none without a score."""
    score = circuit.score(place)
    return "" if score is None else "a" if leads_away(score, direction) else "t"


def drawing_of(circuit: Circuit) -> str:
    """The drawing and its legend."""
    laid = lay_out(circuit.graph, [*circuit], lambda text: LETTER * len(text), sizes_for([*circuit]), circuit.groups)
    how = how_scored(circuit)
    width, height = laid.width + 2 * MARGIN, laid.height + 2 * MARGIN
    kinds = " ".join(["dashed"] * (how != SOLID) + ["wide"] * (width > 620) + ["many"] * (len(circuit) > MANY))
    label = f"The circuit as a graph of {len(laid.boxes)} nodes and {len(circuit)} edges; the table lists all of them"
    parts = [
        f'<div class="drawing"><svg id="drawing" class="{kinds}" role="img" aria-label="{label}" '
        f'viewBox="{figure(-MARGIN)} {figure(-MARGIN)} {figure(width)} {figure(height)}" width="{figure(width)}">',
        *_groups(circuit, laid),
        "<g>",
        *(_line(circuit, line) for line in reversed(laid.lines)),  # the most important on top
        '</g><g id="hits"></g><g>',
        *(_box(box) for box in laid.boxes),
        "</g></svg></div>",
        _legend(circuit, how),
    ]
    return "\n".join(parts)


def _line(circuit: Circuit, line: Line) -> str:
    start, *rest = line.points
    hue = hue_of(circuit, line.edge, told_direction(circuit.about))
    score = circuit.score(line.edge)
    thick = 1.2 if score is None else 0.7 + 2.8 * abs(score) / largest_score(circuit)
    curve = " ".join(f"{figure(x)} {figure(y)}" for x, y in rest)
    path = f"M{figure(start[0])} {figure(start[1])}C{curve}"
    return f'<path class="edge {hue}" data-e="{line.edge}" d="{path}" stroke-width="{thick:.2f}"/>'


def _box(box: Box) -> str:
    name = box.node.name
    rect = f'x="{figure(box.left)}" y="{figure(box.top)}" width="{figure(box.width)}" height="{figure(box.height)}"'
    radius = 9 if box.node.kind == "head" else 3
    ports = "".join(
        f'<text class="port" x="{figure(x)}" y="{figure(box.bottom - 3.5)}">{port}</text>' for port, x in box.ports
    )
    return (
        f'<g class="node" data-node="{name}" data-words="{escaped(_words(box.node))}"><rect {rect} rx="{radius}"/>'
        f'<text x="{figure(box.middle)}" y="{figure(box.top + 14)}">{name}</text>{ports}</g>'
    )


def _words(node: Node) -> str:
    return f"{node.name}: {node_words(node)}"


def _groups(circuit: Circuit, laid: Layered) -> list[str]:
    """A frame behind the nodes of each group, row by row."""
    parts = []
    for group in circuit.groups:
        rows: dict[float, list[Box]] = {}
        for box in laid.boxes:
            if box.node in group.nodes:
                rows.setdefault(box.bottom, []).append(box)
        for row in rows.values():
            left, right = min(b.left for b in row) - 5, max(b.left + b.width for b in row) + 5
            top, bottom = min(b.top for b in row) - 5, row[0].bottom + 5
            parts.append(
                f'<rect class="group c-{escaped(group.color)}" x="{figure(left)}" y="{figure(top)}" '
                f'width="{figure(right - left)}" height="{figure(bottom - top)}" rx="8">'
                f"<title>{escaped(group.name)}</title></rect>"
            )
    return parts


def _legend(circuit: Circuit, how: str) -> str:
    entries = []
    present = {hue_of(circuit, place, told_direction(circuit.about)) for place in range(len(circuit))}
    dashes = "" if how == SOLID else ' class="dashed"'
    for hue, words in zip(("t", "a", ""), (*hues(told_direction(circuit.about)), "not scored"), strict=True):
        if hue in present:
            swatch = f'<svg aria-hidden="true"{dashes}><path class="edge {hue}" d="M0 5H28" stroke-width="2.5"/></svg>'
            entries.append(f"<li>{swatch}{words}</li>")
    for group in circuit.groups:
        swatch = (
            f'<svg aria-hidden="true"><rect class="group c-{escaped(group.color)}" y="1" width="26" height="8"/></svg>'
        )
        entries.append(f"<li>{swatch}{escaped(group.name)}</li>")
    drawn = "solid: measured" if how == SOLID else f"dashed: {escaped(how)}"
    entries.append(f"<li>the wider, the larger its score; {drawn}</li>")
    return f'<ul class="legend">{"".join(entries)}</ul>'
