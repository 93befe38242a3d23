"""What the forms of a circuit that draw it share."""

from __future__ import annotations

import numpy as np

from core.circuit import Circuit
from core.graph import Edge, Node


def port_words(circuit: Circuit, position: int, edge: Edge) -> str:
    """What is written beside an edge: its port, and its span."""
    port = edge.reader.kind if edge.reader.kind in ("q", "k", "v") else ""
    span = "" if circuit.at is None else f"at {circuit.spans[circuit.at[position]]}"
    return " ".join(part for part in (port, span) if part)


def nodes_of(circuit: Circuit) -> list[Node]:
    """The nodes of a circuit in the graph's order."""
    present = {node for edge in circuit for node in (edge.writer, *circuit.graph.readers_of(edge.reader))}
    return [node for node in circuit.graph.nodes if node in present]


def largest_score(circuit: Circuit) -> float:
    if circuit.values is None or not len(circuit.values):
        return 1.0
    sizes = np.abs(circuit.values[np.isfinite(circuit.values)])
    return float(sizes.max(initial=0.0)) or 1.0
