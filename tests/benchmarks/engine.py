"""The engine against the model's own forward: a toggled edge, no change, circuits, attribution."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator

import torch

import wirescope as ws
from tests.benchmarks.models import sessions
from tests.benchmarks.table import Table, milliseconds, side_by_side

EDGES = 40  # random edges toggled


def tables() -> Iterator[Table]:
    rows = []
    for name, session in sessions():
        rows.append(row(name, session))
    heads = (
        *("model", "own forward", "edge toggled", "ratio", "no change", "EAP / fwd+bwd", "ten-point curve / forward"),
        *("parity", "cache"),
    )
    yield Table("Engine (medians; ratios are against the model's own forward at the last position)", heads, rows)


def row(name: str, session: ws.Session) -> list[str]:
    adapter, inputs = session.model.adapter, session.pair.clean.tensor

    def forward() -> None:
        with torch.no_grad():
            adapter.own_answer(inputs)

    draw = random.Random(0)
    edges = [session.graph.edge(draw.randrange(session.graph.n_edges)) for _ in range(EDGES)]
    session.run([ws.Edit(edges[0], "patch")])
    forward()
    own, toggled = [], []
    for edge in edges:
        own.append(milliseconds(forward))
        toggled.append(milliseconds(lambda edge=edge: session.run([ws.Edit(edge, "patch")])))  # type: ignore[misc]
    forward_ms, toggle_ms = statistics.median(own), statistics.median(toggled)
    same = [ws.Edit(edges[0], "patch")]
    session.run(same)
    unchanged, _ = side_by_side(lambda: session.run(same), forward, 16)

    def forward_and_backward() -> None:
        adapter.module.zero_grad(set_to_none=True)
        output = adapter.own_answer(inputs)
        session.metric(output[:, -1] if output.ndim == 3 else output).sum().backward()  # type: ignore[no-untyped-call]
        adapter.module.zero_grad(set_to_none=True)

    eap, both = side_by_side(lambda: ws.trace(session, "eap"), forward_and_backward, 3)
    scores = ws.trace(session, "eap")
    curve = milliseconds(lambda: ws.faithfulness(session, scores, random_circuits=0))
    return [
        name,
        f"{forward_ms:.1f} ms",
        f"{toggle_ms:.1f} ms",
        f"{toggle_ms / forward_ms:.2f}",
        f"{unchanged / forward_ms:.4f}",
        f"{eap / both:.2f}",
        f"{curve / forward_ms:.1f}",
        f"{session.parity.difference:.1e}",
        f"{session.engine.megabytes:.0f} MB",
    ]
