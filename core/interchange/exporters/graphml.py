"""Circuits as GraphML, for programs that lay out and measure graphs."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from core.circuit import AT, Circuit, Exporter
from core.text_files import visible

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(circuit: Circuit) -> nx.MultiDiGraph:
    """The circuit's nodes and edges; an edge's key and `port` say through which port it is read."""
    import networkx as nx  # here, since the window saves and reads circuits too, and would wait for it

    graph = nx.MultiDiGraph(**circuit.about)
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
                graph.add_node(end.name, kind=end.kind, layer=end.layer)
            graph.add_edge(edge.writer.name, node.name, key=key, **data)
    return graph


def to_graphml(circuit: Circuit) -> str:
    """A circuit as GraphML, for Gephi, Cytoscape, yEd."""
    import networkx as nx

    buffer = BytesIO()
    graph = to_networkx(circuit)
    graph.graph.update({key: visible(value) for key, value in graph.graph.items()})
    nx.write_graphml(graph, buffer)
    return buffer.getvalue().decode("utf-8")


EXPORTER = Exporter("graphml", "GraphML", "for Gephi, Cytoscape and yEd", ".graphml", to_graphml)
