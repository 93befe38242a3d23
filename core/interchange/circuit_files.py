"""Circuits as text: JSON, GraphML, DOT (Graphviz) and TikZ (LaTeX).

JSON holds all that is needed to read the circuit back; the others are for drawing elsewhere.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from core.circuit import AT, Circuit, circuit_of
from core.errors import ArgumentError, InputError
from core.graph import Edge, Graph, Node
from core.spans import POSITION, REST
from core.text_files import parse_json, visible
from core.tracing.meaning import DIRECTION_IN_FILES, hue_words, leads_away
from core.tracing.selection import CHOSEN_BY, chosen_by

if TYPE_CHECKING:
    import networkx as nx

FORMAT = "wirescope circuit"
VERSION = 1
EXPORTED = "Open a JSON file that Wirescope exported."
LARGEST = 1000  # layers or heads of a model


def to_json(circuit: Circuit) -> str:
    """A circuit as JSON: its graph's shape, what it is about, by which rule its edges were chosen from their scores, of
    a circuit at spans the names of all spans, and its edges by name, most important first."""
    graph = circuit.graph
    edges = [
        {"edge": name} | ({} if (score := circuit.score(position)) is None else {"score": score})
        for position, name in enumerate(circuit.names)
    ]
    document = {"format": FORMAT, "version": VERSION, "graph": shape_of(graph), "about": circuit.about}
    document |= {CHOSEN_BY: chosen_by(circuit.about)} if "method" in circuit.about else {}
    document |= {"spans": list(circuit.spans)} if circuit.spans else {}
    document |= {"edges": edges}
    return json.dumps(document, indent=1, ensure_ascii=False)


def from_json(text: str) -> Circuit:
    """Read a circuit back. Raises InputError for a file that is none."""
    return from_document(parse_json(text, "This file", EXPORTED))


def from_document(document: Any) -> Circuit:
    """The circuit of a JSON document. Raises InputError for one that is none."""
    try:
        if document["format"] != FORMAT:
            raise InputError("This is not a circuit of Wirescope.")
        if document["version"] > VERSION:
            raise InputError(f"A newer Wirescope wrote this circuit (version {document['version']}).", "Update it.")
        graph = graph_from(document["graph"])
        spans = spans_in(document) if "spans" in document else ()
        names = [str(row["edge"]) for row in document["edges"]]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"This file names the edge {twice} twice.", "Take one of them out.")
        named = circuit_of(graph, names, spans)
        if len(named) != len(names):
            raise InputError("An edge of this circuit has no span, and others have.", EXPORTED)
        scores = [row.get("score") for row in document["edges"]]
        scored = any(score is not None for score in scores)
        values = np.asarray([np.nan if score is None else score for score in scores], dtype=np.float64)
        about = {str(key): str(value) for key, value in document["about"].items()}
        return replace(named, values=values if scored else None, about=about)
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"This file is no circuit: it has no {error}.", EXPORTED) from None
    except (ArgumentError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"This file is no circuit: {error}", EXPORTED) from None


def spans_in(document: Any) -> tuple[str, ...]:
    """The names of the spans that a document's edges are at. Raises InputError for what are none."""
    names = document["spans"]
    if not isinstance(names, list) or not names or len({*map(str, names)}) < len(names):
        raise InputError("The spans of a file are a list of different names.")
    if not all(isinstance(name, str) and (name == REST or POSITION.fullmatch(name)) for name in names):
        raise InputError(f"Spans are roles, positions or {REST!r}, not {', '.join(map(str, names))}.")
    return tuple(names)


def shape_of(graph: Graph) -> dict[str, int | bool]:
    """A graph's sizes, as files hold them."""
    shape: dict[str, int | bool] = {
        "layers": graph.layers,
        "heads": graph.heads,
        "kv_heads": graph.kv_heads,
        "parallel": graph.parallel,
    }
    return shape | ({"coupled": True} if graph.coupled else {})


def graph_from(shape: dict[str, Any]) -> Graph:
    """The graph of a file's sizes. Raises InputError, TypeError."""
    return _graph(**shape)


def _graph(layers: int, heads: int, kv_heads: int, parallel: bool, coupled: bool = False) -> Graph:
    """The graph of a file. Raises InputError for sizes that no model has, which could fill the memory."""
    sizes = (layers, heads, kv_heads)
    if not all(isinstance(size, int) and 1 <= size <= LARGEST for size in sizes) or heads % kv_heads:
        raise InputError(f"This circuit is of no model: {layers} layers of {heads} heads, {kv_heads} with keys.")
    return Graph(layers, heads, kv_heads, bool(parallel), bool(coupled))


def to_networkx(circuit: Circuit) -> nx.MultiDiGraph:
    """The circuit's nodes and edges; an edge's key and `port` say through which port it is read."""
    import networkx as nx  # here, since the window saves and reads circuits too, and would wait for it

    found = nx.MultiDiGraph(**circuit.about)
    names = circuit.names
    for position, edge in enumerate(circuit):
        for node in circuit.graph.readers_of(edge.reader):
            data: dict[str, str | float] = {"name": names[position], "port": edge.reader.kind}
            key: str = edge.reader.kind
            if circuit.at is not None:
                span = circuit.spans[circuit.at[position]]
                key, data["span"] = f"{key}{AT}{span}", span
            score = circuit.score(position)
            if score is not None:
                data["score"] = score
            for end in (edge.writer, node):
                found.add_node(end.name, kind=end.kind, layer=end.layer)
            found.add_edge(edge.writer.name, node.name, key=key, **data)
    return found


def to_graphml(circuit: Circuit) -> str:
    """A circuit as GraphML, for Gephi, Cytoscape, yEd."""
    import networkx as nx

    buffer = BytesIO()
    found = to_networkx(circuit)
    found.graph.update({key: visible(value) for key, value in found.graph.items()})
    nx.write_graphml(found, buffer)
    return buffer.getvalue().decode("utf-8")


def to_dot(circuit: Circuit) -> str:
    """A circuit as DOT, input below and logits on top."""
    lines = ["digraph circuit {", "  rankdir=BT;", '  node [shape=circle, fontname="Helvetica", fontsize=10];']
    lines.append(f"  // {hue_words(direction_of(circuit))}")
    nodes = _nodes(circuit)
    for node in nodes:
        if node.kind != "head":
            lines.append(f'  "{node.name}" [shape=box];')
    for layer in sorted({node.layer for node in nodes if node.kind == "head"}):
        row = "; ".join(f'"{node.name}"' for node in nodes if node.kind == "head" and node.layer == layer)
        lines.append(f"  {{ rank=same; {row} }}")
    widest, direction = _largest(circuit), direction_of(circuit)
    for position, edge in enumerate(circuit):
        score = circuit.score(position)
        colour = "#c25600" if score is not None and leads_away(score, direction) else "#0b6bd8"
        width = 1.0 if score is None else 0.5 + 3.5 * abs(score) / widest
        words = _words(circuit, position, edge)
        label = f', label="{words}"' if words else ""
        for node in circuit.graph.readers_of(edge.reader):
            style = f'color="{colour}", penwidth={width:.2f}{label}'
            lines.append(f'  "{edge.writer.name}" -> "{node.name}" [{style}];')
    return "\n".join([*lines, "}", ""])


def to_tikz(circuit: Circuit) -> str:
    """A circuit as a TikZ picture: heads at (head, layer), MLPs at the end of their row."""
    graph = circuit.graph
    lines = [
        "% \\usepackage{tikz}",
        "\\begin{tikzpicture}[x=1.2cm, y=1.2cm, every node/.style={font=\\scriptsize, draw, inner sep=2pt}]",
        f"% {hue_words(direction_of(circuit))}",
        "\\definecolor{towards}{HTML}{0B6BD8}\\definecolor{away}{HTML}{C25600}",
    ]
    for node in _nodes(circuit):
        if node.kind == "head":
            x, y, shape = float(node.head), 2.0 * node.layer + 1, "circle"
        elif node.kind == "mlp":
            x, y, shape = float(graph.heads), 2.0 * node.layer + 2, "rectangle"
        else:
            x, y, shape = (graph.heads - 1) / 2, 0.0 if node.kind == "input" else 2.0 * graph.layers + 1, "rectangle"
        lines.append(f"\\node[{shape}] ({_key(node)}) at ({x:g},{y:g}) {{{node.name}}};")
    widest, direction = _largest(circuit), direction_of(circuit)
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


def _words(circuit: Circuit, position: int, edge: Edge) -> str:
    """What is written beside an edge: its port, and its span."""
    port = edge.reader.kind if edge.reader.kind in ("q", "k", "v") else ""
    span = "" if circuit.at is None else f"at {circuit.spans[circuit.at[position]]}"
    return " ".join(part for part in (port, span) if part)


def _nodes(circuit: Circuit) -> list[Node]:
    """The nodes of a circuit in the graph's order."""
    present = {node for edge in circuit for node in (edge.writer, *circuit.graph.readers_of(edge.reader))}
    return [node for node in circuit.graph.nodes if node in present]


def _largest(circuit: Circuit) -> float:
    if circuit.values is None or not len(circuit.values):
        return 1.0
    sizes = np.abs(circuit.values[np.isfinite(circuit.values)])
    return float(sizes.max(initial=0.0)) or 1.0


def direction_of(circuit: Circuit) -> int | None:
    """A's direction as the circuit says it: 1, -1, 0; None where it does not."""
    said = {words: direction for direction, words in DIRECTION_IN_FILES.items()}
    return said.get(circuit.about.get("direction", ""))


def _key(node: Node) -> str:
    return node.name.replace(".", "-")
