"""Circuits as GraphML and GEXF, for programs that lay out and measure graphs, and back.

An edge into a shared K/V head leads to each of its heads; all of these carry its name and its rank. What is beside the
edges stands in the graph's attribute `wirescope` (GraphML), or in the description of the file (GEXF).
"""

from __future__ import annotations

import html
import re
from io import BytesIO
from typing import TYPE_CHECKING

from core.circuit import AT, Circuit, Exporter
from core.errors import InputError
from core.interchange.embedded_circuit import HINT, circuit_from, head_of
from core.text_files import visible

if TYPE_CHECKING:
    import networkx as nx

HEAD = "wirescope"
_DESCRIPTION = re.compile(r"<description>(.*?)</description>", re.DOTALL)


def to_networkx(circuit: Circuit) -> nx.MultiDiGraph:
    """The circuit's nodes and edges; an edge's key and `port` say through which port it is read, `rank` which place it
    has, from 1. A node says its group, its own name and
    its note, if it has one."""
    import networkx as nx  # here, since the window saves and reads circuits too, and would wait for it

    network = nx.MultiDiGraph(**circuit.about)
    names = circuit.names
    noted = {note.target: note for note in circuit.notes if note.about == "node"}
    groups = {node: group.name for group in reversed(circuit.groups) for node in group.nodes}
    for position, edge in enumerate(circuit):
        for node in circuit.graph.readers_of(edge.reader):
            data: dict[str, str | float] = {"name": names[position], "port": edge.reader.kind, "rank": position + 1}
            key: str = edge.reader.kind
            if circuit.at is not None:
                span = circuit.spans[circuit.at[position]]
                key, data["span"] = f"{key}{AT}{span}", span
            score = circuit.score(position)
            if score is not None:
                data["score"] = score
            for end in (edge.writer, node):
                words = {"group": groups[end]} if end in groups else {}
                if end.name in noted:
                    note = noted[end.name]
                    words |= {key: text for key, text in (("called", note.name), ("note", note.text)) if text}
                words = {key: visible(text) for key, text in words.items()}
                network.add_node(end.name, kind=end.kind, layer=end.layer, **words)
            network.add_edge(edge.writer.name, node.name, key=key, **data)
    return network


def to_graphml(circuit: Circuit) -> str:
    """A circuit as GraphML, for Gephi, Cytoscape, yEd."""
    import networkx as nx

    buffer = BytesIO()
    network = to_networkx(circuit)
    network.graph.update({key: visible(value) for key, value in network.graph.items()})
    network.graph[HEAD] = head_of(circuit)
    nx.write_graphml(network, buffer)
    return buffer.getvalue().decode("utf-8")


def to_gexf(circuit: Circuit) -> str:
    """A circuit as GEXF, for Gephi."""
    import networkx as nx

    buffer = BytesIO()
    network = to_networkx(circuit)
    for number, (_, _, data) in enumerate(network.edges(data=True)):
        data["id"] = str(number)
    network.graph.clear()
    nx.write_gexf(network, buffer)
    head = f"<description>{html.escape(head_of(circuit))}</description></meta>"
    return buffer.getvalue().decode("utf-8").replace("</meta>", head, 1)


def from_graphml(text: str) -> Circuit:
    """A circuit of `to_graphml`. Raises InputError."""
    import networkx as nx

    _check_plain(text)
    try:
        network = nx.parse_graphml(text, force_multigraph=True)
    except Exception as error:  # whatever networkx makes of a file that is none
        raise InputError(f"This is no GraphML that can be read: {error}.", HINT) from None
    if not isinstance(network.graph.get(HEAD), str):
        raise InputError("This GraphML does not say what circuit it is.", HINT)
    return circuit_from(network.graph[HEAD], _edges(network))


def from_gexf(text: str) -> Circuit:
    """A circuit of `to_gexf`. Raises InputError."""
    import networkx as nx

    _check_plain(text)
    head = _DESCRIPTION.search(text)
    if head is None:
        raise InputError("This GEXF does not say what circuit it is.", HINT)
    try:
        network = nx.read_gexf(BytesIO(text.encode("utf-8", "backslashreplace")))
    except Exception as error:
        raise InputError(f"This is no GEXF that can be read: {error}.", HINT) from None
    return circuit_from(html.unescape(head[1]), _edges(network))


def _edges(network: nx.MultiDiGraph) -> list[tuple[int, str, float | None]]:
    try:
        rows = [(data["rank"], str(data["name"]), data.get("score")) for _, _, data in network.edges(data=True)]
    except KeyError as error:
        raise InputError(f"An edge of the file lacks its {error}.", HINT) from None
    return rows


def _check_plain(text: str) -> None:
    """Raise InputError for XML with definitions of its own, which can grow without bound when it is read."""
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise InputError("This XML defines its own entities, which no circuit needs; it is not read.", HINT)


EXPORTER = Exporter("graphml", "GraphML", "for Gephi, Cytoscape and yEd", ".graphml", to_graphml, from_graphml)
GEXF = Exporter("gexf", "GEXF", "for Gephi", ".gexf", to_gexf, from_gexf)
