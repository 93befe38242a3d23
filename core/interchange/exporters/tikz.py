"""Circuits as TikZ, for LaTeX."""

from __future__ import annotations

from core.circuit import Circuit, Exporter
from core.graph import Node
from core.interchange.drawing import largest_score, nodes_of
from core.tracing.meaning import hue_words, leads_away, told_direction


def to_tikz(circuit: Circuit) -> str:
    """A circuit as a TikZ picture: heads at (head, layer), MLPs at the end of their row."""
    graph = circuit.graph
    lines = [
        "% \\usepackage{tikz}",
        "\\begin{tikzpicture}[x=1.2cm, y=1.2cm, every node/.style={font=\\scriptsize, draw, inner sep=2pt}]",
        f"% {hue_words(told_direction(circuit.about))}",
        "\\definecolor{towards}{HTML}{0B6BD8}\\definecolor{away}{HTML}{C25600}",
    ]
    for node in nodes_of(circuit):
        if node.kind == "head":
            x, y, shape = float(node.head), 2.0 * node.layer + 1, "circle"
        elif node.kind == "mlp":
            x, y, shape = float(graph.heads), 2.0 * node.layer + 2, "rectangle"
        else:
            x, y, shape = (graph.heads - 1) / 2, 0.0 if node.kind == "input" else 2.0 * graph.layers + 1, "rectangle"
        lines.append(f"\\node[{shape}] ({_key(node)}) at ({x:g},{y:g}) {{{node.name}}};")
    widest, direction = largest_score(circuit), told_direction(circuit.about)
    for position, edge in enumerate(circuit):
        score = circuit.score(position)
        colour = "away" if score is not None and leads_away(score, direction) else "towards"
        width = 0.6 if score is None else 0.3 + 2.2 * abs(score) / widest
        for node in graph.readers_of(edge.reader):
            bend = {"q": "bend left=8", "k": "bend right=8"}.get(edge.reader.kind, "")
            style = ", ".join(part for part in (colour, f"line width={width:.2f}pt", bend) if part)
            span = "" if circuit.at is None else f" % at {circuit.spans[circuit.at[position]]}"
            lines.append(f"\\draw[->, {style}] ({_key(edge.writer)}) to ({_key(node)});{span}")
    return "\n".join([*lines, "\\end{tikzpicture}", ""])


EXPORTER = Exporter("tikz", "TikZ", "for LaTeX", ".tex", to_tikz)


def _key(node: Node) -> str:
    return node.name.replace(".", "-")
