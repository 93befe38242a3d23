"""The engine against the model's own forward: a toggled edge, no change, a scan, the faithfulness curve, EAP."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator

import wirescope as ws
from tests.benchmarks.models import FOURS, forward, forward_and_backward, sessions
from tests.benchmarks.table import Table, milliseconds, side_by_side

EDGES = 40  # random edges toggled
READERS = 12  # random readers whose edges are all scanned


def tables() -> Iterator[Table]:
    heads = (
        *("model", "own forward", "edge toggled", "ratio", "no change", "scan, an edge", "ratio"),
        *("ten-point curve / forward", "parity", "kept states"),
    )
    budgets = ["budget", "", "", "0.35", "0.01", "", "0.15", "8", "", ""]
    rows = [row(name, session) for name, session in sessions()]
    yield Table("Engine (medians; ratios are to the model's own forward at the last position)", heads, [*rows, budgets])
    yield attribution()


def row(name: str, session: ws.Session) -> list[str]:
    draw = random.Random(0)
    graph = session.graph
    edges = [graph.edge(draw.randrange(graph.n_edges)) for _ in range(EDGES)]
    session.run([ws.Edit(edges[0], "patch")])
    forward(session)
    baselines, toggled = [], []
    for edge in edges:
        baselines.append(milliseconds(lambda: forward(session)))
        toggled.append(milliseconds(lambda edge=edge: session.run([ws.Edit(edge, "patch")])))  # type: ignore[misc]
    forward_ms, toggle_ms = statistics.median(baselines), statistics.median(toggled)
    same = [ws.Edit(edges[0], "patch")]
    session.run(same)
    unchanged, _ = side_by_side(lambda: session.run(same), lambda: forward(session), 16)
    scan_ms = scanned(session, draw)
    scores = ws.trace(session, "eap")
    curve, of_curve = side_by_side(
        lambda: ws.faithfulness(session, scores, random_circuits=0), lambda: forward(session), 3
    )
    return [
        name,
        f"{forward_ms:.1f} ms",
        f"{toggle_ms:.1f} ms",
        f"{toggle_ms / forward_ms:.2f}",
        f"{unchanged / forward_ms:.4f}",
        f"{scan_ms:.2f} ms",
        f"{scan_ms / forward_ms:.3f}",
        f"{curve / of_curve:.1f}",
        f"{session.parity.difference:.1e}",
        f"{session.engine.megabytes:.0f} MB",
    ]


def scanned(session: ws.Session, draw: random.Random) -> float:
    """Milliseconds for the exact effect of one edge: all edges into some readers, as a full scan batches them. Readers
    are drawn by how many edges they have, as the edges of a full scan are."""
    graph = session.graph
    weights = [graph.writers_before(reader) for reader in graph.readers]
    readers = set(draw.choices(graph.readers, weights, k=READERS))
    edges = [graph.edge(index) for reader in readers for index in graph.edges_into(reader)]
    ws.Scan(session, edges[:8]).run()
    return milliseconds(lambda: ws.Scan(session, edges).run()) / len(edges)


def attribution() -> Table:
    """EAP over all edges against the model's forward and backward pass, four pairs at once."""
    rows = []
    for name, make in FOURS.items():
        session = make()
        eap, both = side_by_side(lambda s=session: ws.trace(s, "eap"), lambda s=session: forward_and_backward(s), 3)  # type: ignore[misc]
        rows.append([name, f"{session.graph.n_edges:,}", f"{both:.0f} ms", f"{eap:.0f} ms", f"{eap / both:.2f}"])
    heads = ("model", "edges", "forward + backward", "EAP over all edges", "ratio")
    return Table("Attribution (medians of three)", heads, [*rows, ["budget", "", "", "", "2.0"]])
