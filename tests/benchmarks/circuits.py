"""What a circuit run costs against the share of edges that it keeps, and against its budget.

    budget = 0.05 + 1.5 x the share of the forward's arithmetic that its needed nodes and rows make up

Nodes are weighed by their weights; heads by those of q, k, v and output, K/V heads by the share of their group.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import wirescope as ws
from core.circuit import Circuit, reachable
from core.evaluation.faithfulness import FRACTIONS
from tests.benchmarks.models import forward, sessions
from tests.benchmarks.table import Table, side_by_side


def tables() -> Iterator[Table]:
    heads = ("edges kept", "share of arithmetic", "circuit run", "/ forward", "budget")
    for name, session in sessions():
        yield Table(f"Circuit runs: {name} (medians of three; the best edges by EAP)", heads, rows_of(session))


def rows_of(session: ws.Session) -> list[list[str]]:
    scores = ws.trace(session, "eap")
    rows = []
    for fraction in FRACTIONS:
        circuit = scores.top(max(1, round(fraction * session.graph.n_edges)))
        run, baseline = side_by_side(lambda c=circuit: session.run_circuit(c), lambda: forward(session), 3)  # type: ignore[misc]
        share = arithmetic(session, circuit)
        budget = 0.05 + 1.5 * share
        rows.append([f"{fraction:.1%}", f"{share:.3f}", f"{run:.1f} ms", f"{run / baseline:.2f}", f"{budget:.2f}"])
    return rows


def arithmetic(session: ws.Session, circuit: Circuit) -> float:
    """The share of the forward's arithmetic that the needed nodes and rows of a circuit make up."""
    graph, adapter = session.graph, session.model.adapter
    if len(circuit) == graph.n_edges:
        return 0.0  # the clean run is known
    fed, used = reachable(graph, circuit.edges)
    live = circuit.edges[used[graph.edge_readers[circuit.edges]] & fed[graph.edge_writers[circuit.edges]]]
    needed = np.unique(graph.edge_writers[live])
    rows = 1 - session.engine.first_patched_row / session.engine.length
    shape = adapter.shape
    head = shape.width * shape.head_width * 2 * (1 + shape.kv_heads / shape.heads)
    total = work = 0.0
    for layer in range(graph.layers):
        mlp = sum(p.numel() for p in adapter._mlps[layer].parameters())
        for node in graph.writers[1 + layer * (graph.heads + 1) : 1 + (layer + 1) * (graph.heads + 1)]:
            cost = session.engine.length * (head if node.kind == "head" else mlp)
            total += cost
            if graph.writer_index(node) in needed:
                work += cost * rows
    output = shape.width * (adapter.vocabulary or 0)  # at one position
    return (work + output) / (total + output)
