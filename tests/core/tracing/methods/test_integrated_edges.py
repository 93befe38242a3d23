"""Opening all edges together: the scores of all of them add up, whatever takes their place."""

from __future__ import annotations

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit
from tests.core.engine.cases import case

CASES = [
    *((family, "patch", 60) for family in ("gpt2", "llama-grouped", "qwen2-window", "gptj", "vit", "dinov2")),
    *((family, "mean", 60) for family in ("gpt2", "llama-grouped", "gptj", "vit", "dinov2")),
    ("gemma2", "patch", 240),
    *((family, "zero", 60) for family in ("gpt2", "vit")),  # an RMSNorm leaps where its input leaves 0
]


def whole_change(session: ws.Session, kind: str) -> float:
    """The metric of A less that of the run in which every edge carries its replacement."""
    nothing = session.run_circuit(Circuit(session.graph, np.empty(0, dtype=np.int64)), kind)
    return float((session.clean.metric - nothing.metric).mean())


@pytest.mark.parametrize(("family", "kind", "steps"), CASES)
def test_the_scores_of_all_edges_add_up(family: str, kind: str, steps: int) -> None:
    session = case(family, batch=2).session()
    change = whole_change(session, kind)
    total = ws.trace(session, "integrated-edges", replacement=kind, steps=steps).values.sum()
    assert abs(change) > 0.005
    assert total == pytest.approx(change, rel=0.01)


def test_a_share_of_every_edge_is_what_edits_of_that_strength_make() -> None:
    """The run in between is a real one: all edges patched at a strength. Its slope by the share is the scores' sum."""
    session = case("gpt2", batch=2).session()
    edits = [[ws.Edit(edge, "patch", strength=1 - share) for edge in session.graph.edges] for share in (0.49, 0.51)]
    low, high = (float(session.run(each).metric.mean()) for each in edits)
    total = ws.trace(session, "integrated-edges", steps=1).values.sum()
    assert total == pytest.approx((high - low) / 0.02, rel=1e-3)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "vit"])
@pytest.mark.parametrize("method", ["eap", "eap-ig", "integrated-edges"])
def test_nodes_and_positions_are_sums_of_what_edges_say(family: str, method: str) -> None:
    session = case(family, batch=2).session()
    edges, nodes, positions = (
        ws.trace(session, method, level=level, steps=3) for level in ("edges", "nodes", "positions")
    )
    graph = session.graph
    by_node = [edges.values[graph.edges_out_of(node)].sum() for node in graph.writers]
    assert np.allclose(nodes.values, by_node, rtol=0, atol=1e-12)
    assert positions.values.shape == (graph.n_writers, session.pair.length)
    assert np.allclose(positions.values.sum(axis=1), by_node, rtol=0, atol=1e-12)
    assert nodes.of_node(graph.writers[3]) == pytest.approx(edges.of_node(graph.writers[3]))


@pytest.mark.parametrize("method", ["eap", "eap-ig", "integrated-edges"])
def test_rows_before_the_first_difference_are_left_out_at_no_cost(method: str) -> None:
    """A and B part at the third position: scores are those of a batch whose other row parts at the first."""
    setup = case("llama-grouped")
    model = setup.model
    a = setup.pair.clean.tensor
    late = a.clone()
    late[:, 3:] = setup.pair.counterfactual.tensor[:, 3:]
    early = a.clone()
    early[:, 0] = (early[:, 0] + 1) % 10
    metric = ws.logit_difference(1, 2)
    alone = ws.trace(ws.Session(model, model.pair(a, late), metric), method, steps=4).values
    import torch

    both = model.pair(torch.cat([a, a]), torch.cat([late, early]))
    other = ws.trace(ws.Session(model, model.pair(a, early), metric), method, steps=4).values
    together = ws.trace(ws.Session(model, both, metric), method, steps=4).values
    assert np.allclose(together, (alone + other) / 2, rtol=0, atol=1e-12)
