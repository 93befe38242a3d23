"""Stage by stage from the replacement to A: the scores of a stage add up to what replacing it does."""

from __future__ import annotations

import random

import numpy as np
import pytest

import wirescope as ws
from core.edits import EditKind
from core.graph import Graph, Node
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after

STRENGTH = 1e-4


def stages(graph: Graph) -> list[list[Node]]:
    found = [[Node("input")]]
    for layer in range(graph.layers):
        found += [[Node("head", layer, head) for head in range(graph.heads)], [Node("mlp", layer)]]
    return found


@pytest.mark.parametrize(
    ("family", "kind", "steps"),
    [
        ("gpt2", "patch", 20),
        ("llama-grouped", "patch", 20),
        ("gptj", "zero", 20),
        ("vit", "mean", 20),
        ("gemma2", "patch", 300),  # its random norms after norms are rough
    ],
)
def test_the_nodes_of_a_stage_add_up_to_replacing_it(family: str, kind: EditKind, steps: int) -> None:
    session = case(family, batch=2).session()
    scores = ws.trace(session, "eap-ig-activations", steps=steps, replacement=kind, level="nodes")
    largest = 0.0
    for stage in stages(session.graph):
        if kind == "zero" and stage[0].kind == "input":
            continue  # a norm leaps where its input leaves 0
        change = float((session.run([ws.Edit(node, kind) for node in stage]).metric - session.clean.metric).mean())
        total = sum(scores.of_node(node) for node in stage)
        assert -total == pytest.approx(change, rel=0.02, abs=0.0005), f"{stage[0]}"
        largest = max(largest, abs(change))
    assert largest > 0.005


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "vit"])
def test_edges_are_the_slopes_of_real_edits_along_the_way(family: str) -> None:
    """At each point the stage's nodes are edited in part, and one edge a little more."""
    session = case(family, batch=2).session()
    graph, steps = session.graph, 2
    edges = ws.trace(session, "eap-ig-activations", steps=steps).values
    rng = random.Random(family)
    for stage in rng.sample(stages(graph), 4):
        number = rng.choice(graph.edges_out_of(rng.choice(stage)).tolist())
        total = 0.0
        for share in ((step + 0.5) / steps for step in range(steps)):
            rest = [ws.Edit(node, "patch", strength=1 - share) for node in stage]

            def metric(strength: float, rest: list[ws.Edit] = rest) -> float:
                edit = ws.Edit(graph.edge(number), "patch", strength=strength)  # noqa: B023
                return float(session.run([*rest, edit]).metric.mean())

            slope = (4 * metric(STRENGTH / 2) - metric(STRENGTH) - 3 * metric(0.0)) / STRENGTH
            total -= slope / share / steps  # the edge carries that share of the difference
        assert edges[number] == pytest.approx(total, rel=1e-4, abs=1e-7), str(graph.edge(number))


@pytest.mark.parametrize("family", ["llama-grouped", "gptj", "vit"])
def test_nodes_and_positions_are_sums_of_what_edges_say(family: str) -> None:
    session = case(family, batch=2).session()
    edges, nodes, positions = (
        ws.trace(session, "eap-ig-activations", level=level, steps=3).values
        for level in ("edges", "nodes", "positions")
    )
    by_node = [edges[session.graph.edges_out_of(node)].sum() for node in session.graph.writers]
    assert np.allclose(nodes, by_node, rtol=0, atol=1e-12)
    assert np.allclose(positions.sum(axis=1), by_node, rtol=0, atol=1e-12)


def test_stages_come_one_by_one() -> None:
    session = case("gpt2").session()
    scores, _ = stopped_after(Tracing(session, "eap-ig-activations"), 3)[-1]
    known = np.isfinite(scores.values)
    writers = {int(number) for number in session.graph.edge_writers[known]}
    assert writers == set(range(session.graph.n_writers - 6, session.graph.n_writers)), "the last MLP, heads, the MLP"
    assert np.array_equal(scores.values[known], ws.trace(session, "eap-ig-activations").values[known])


@pytest.mark.parametrize(("other", "steps"), [("Tom", 20), ("Mary", 100)])
def test_on_a_trained_model_every_stage_adds_up_within_two_percent(other: str, steps: int) -> None:
    """With Mary in B the answer turns over, and the line crosses a cliff: that takes more points."""
    model = ws.load_model("bundled:names")
    a = "When Mary and John went to the store, John gave a drink to"
    pair = model.pair(a, a.replace("John gave", f"{other} gave"))
    session = ws.Session(model, pair, ws.logit_difference(" Mary", " John"))
    scores = ws.trace(session, "eap-ig-activations", steps=steps, level="nodes")
    for stage in stages(session.graph):
        change = float((session.run([ws.Edit(node, "patch") for node in stage]).metric - session.clean.metric)[0])
        total = sum(scores.of_node(node) for node in stage)
        assert -total == pytest.approx(change, rel=0.02, abs=0.01), f"{stage[0]}"
