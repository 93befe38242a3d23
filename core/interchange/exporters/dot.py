"""Circuits as DOT, for Graphviz."""

from __future__ import annotations

from core.circuit import Circuit, Exporter
from core.interchange.drawing import largest_score, nodes_of, port_words
from core.tracing.meaning import hue_words, leads_away, told_direction


def to_dot(circuit: Circuit) -> str:
    """A circuit as DOT, input below and logits on top."""
    lines = ["digraph circuit {", "  rankdir=BT;", '  node [shape=circle, fontname="Helvetica", fontsize=10];']
    lines.append(f"  // {hue_words(told_direction(circuit.about))}")
    nodes = nodes_of(circuit)
    for node in nodes:
        if node.kind != "head":
            lines.append(f'  "{node.name}" [shape=box];')
    for layer in sorted({node.layer for node in nodes if node.kind == "head"}):
        row = "; ".join(f'"{node.name}"' for node in nodes if node.kind == "head" and node.layer == layer)
        lines.append(f"  {{ rank=same; {row} }}")
    widest, direction = largest_score(circuit), told_direction(circuit.about)
    for position, edge in enumerate(circuit):
        score = circuit.score(position)
        colour = "#c25600" if score is not None and leads_away(score, direction) else "#0b6bd8"
        width = 1.0 if score is None else 0.5 + 3.5 * abs(score) / widest
        words = port_words(circuit, position, edge)
        label = f', label="{words}"' if words else ""
        for node in circuit.graph.readers_of(edge.reader):
            style = f'color="{colour}", penwidth={width:.2f}{label}'
            lines.append(f'  "{edge.writer.name}" -> "{node.name}" [{style}];')
    return "\n".join([*lines, "}", ""])


EXPORTER = Exporter("dot", "DOT", "for Graphviz", ".dot", to_dot)
