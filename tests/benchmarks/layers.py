"""How the cost of a toggled edge falls with the layer that it goes into, and with the first position that changes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import wirescope as ws
from tests.benchmarks.models import MAKERS, forward
from tests.benchmarks.table import Table, milliseconds

ROUNDS = 5
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def tables() -> Iterator[Table]:
    chosen = {name: make for name, make in MAKERS.items() if not name.startswith("names")}
    by_layer, by_position = [], []
    for name, make in chosen.items():
        session = make()
        layers, length = session.graph.layers, session.engine.length
        by_layer.append([name, *(ratio(session, layer_edits(session, round(s * (layers - 1)))) for s in SHARES)])
        if session.model.adapter.shape.causal:
            by_position.append(
                [name, *(ratio(session, position_edits(session, round(s * (length - 1)))) for s in SHARES)]
            )
    heads = ("model", "first layer", "a quarter", "half", "three quarters", "last layer")
    yield Table("A zeroed edge into the MLP of a layer, against the model's own forward (medians)", heads, by_layer)
    heads = ("model", "first position", "a quarter", "half", "three quarters", "last position")
    yield Table("A zeroed edge into the first MLP at one position, against the forward (medians)", heads, by_position)


def layer_edits(session: ws.Session, layer: int) -> list[ws.Edit]:
    """Edits whose first effect is the MLP of a layer."""
    writers = session.graph.writers[: session.graph.writers_before(ws.Reader("mlp", layer))]
    return [ws.Edit(ws.Edge(writer, ws.Reader("mlp", layer)), "zero") for writer in writers[:ROUNDS]]


def position_edits(session: ws.Session, position: int) -> list[ws.Edit]:
    writers = session.graph.writers[:ROUNDS]
    return [ws.Edit(ws.Edge(writer, ws.Reader("mlp", 0)), "zero", positions=[position]) for writer in writers]


def ratio(session: ws.Session, edits: list[ws.Edit]) -> str:
    forward(session)
    session.run([ws.Edit("input->m0", "scale", value=0.5)])
    baseline = [milliseconds(lambda: forward(session)) for _ in edits]
    runs = [milliseconds(lambda edit=edit: session.run([edit])) for edit in edits]  # type: ignore[misc]
    return f"{statistics.median(runs) / statistics.median(baseline):.2f}"
