"""AtP*: exact as far as what heads mix; every layer dropped in turn, against slopes of real edits that hold it."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edits import Edit
from core.graph import Graph, Node, Reader
from core.tracing.methods import atp_star
from core.tracing.trace import Tracing
from tests.core.engine.cases import case
from tests.core.tracing.partly import stopped_after
from tests.small_models import small_input, small_model

SMALL = 1e-4


def held(graph: Graph, layer: int | None) -> list[Edit]:
    """Edits that hold a layer's writers at what they write in A, in a session whose B is A."""
    if layer is None:
        return []
    return [Edit(node, "patch") for node in graph.writers if node.kind != "input" and node.layer == layer]


def slope(session: ws.Session, edits: list[Edit], standing: list[Edit]) -> float:
    """The derivative of the mean metric by the strength of some edits at 0, with others at full strength."""

    def metric(strength: float) -> float:
        scaled = [Edit(e.target, e.kind, e.positions, e.value, strength) for e in edits]
        return float(session.run([*standing, *scaled]).metric.mean())

    return (4 * metric(SMALL / 2) - metric(SMALL) - 3 * metric(0.0)) / SMALL


def estimate(session: ws.Session, edge: ws.Edge, layer: int | None, place: int | None = None) -> float:
    """I_l of one edge for `zero`, everywhere or at one position, by real edits."""
    standing = held(session.graph, layer)
    edit = Edit(edge, "zero", place)
    reader = edge.reader
    if reader.kind != "logits" and reader.layer == layer:
        return 0.0
    if reader.kind not in ("q", "k"):
        return -slope(session, [edit], standing)
    clean, edited = (session.run(edits, positions="all").state.z[reader.layer] for edits in ([], [edit]))
    weights = session.model.adapter.attention[reader.layer]
    d = clean.shape[3]
    moved: list[Edit] = []  # the change of what each head writes, added to it position by position
    for node in session.graph.readers_of(reader):
        w_o = weights.w_o[:, node.head * d : (node.head + 1) * d]
        vectors = ((edited - clean)[0, :, node.head] @ w_o.T).tolist()
        moved += [Edit(node, "steer", [position], vector) for position, vector in enumerate(vectors)]
    return -slope(session, moved, [*standing])


def expected(session: ws.Session, edge: ws.Edge) -> float:
    layers, plain = session.graph.layers, estimate(session, edge, None)
    own = None if edge.reader.kind == "logits" else edge.reader.layer  # its dropping would cut the edge off
    sizes = [abs(plain if layer == own else estimate(session, edge, layer)) for layer in range(layers)]
    return float(np.sign(plain) * np.mean(sizes))


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "gpt-oss", "vit-classifier"])
def test_edges_restated_by_real_edits(family: str) -> None:
    setup = case(family)
    a = setup.pair.clean.tensor
    session = ws.Session(setup.model, setup.model.pair(a, a.clone()), ws.Metric("class_logit", 2))
    graph = session.graph
    values = ws.trace(session, "atp-star", replacement="zero").values
    shared = graph.kv_heads != graph.heads
    readers = [Reader("q", 1, 2), Reader("k", 1, 1, shared), Reader("k", 0, 0, shared), Reader("v", 1, 1, shared)]
    readers += [Reader("q", 0, 1), Reader("mlp", 1), Reader("mlp", graph.layers - 1), Reader("logits")]
    rng = random.Random(family)
    for reader in readers:
        number = rng.choice(graph.edges_into(reader))
        edge = graph.edge(number)
        assert values[number] == pytest.approx(expected(session, edge), rel=1e-4, abs=1e-7), edge.name


def test_a_full_softmax_has_no_slope_and_yet_a_change() -> None:
    """Queries made so large that every head looks at one position alone: what the gradient says of edges into them has
    nothing to do with what they do; what AtP* says has."""
    module = small_model("gpt2", seed=3)
    attention = module.transformer.h[1].attn.c_attn  # type: ignore[union-attr,index]
    with torch.no_grad():
        attention.weight[:, :16] *= 20  # type: ignore[index,operator]
        attention.bias[:16] *= 20  # type: ignore[index,operator]
    model = ws.load_model((module, None))
    session = ws.Session(model, model.pair(small_input("gpt2", 1), small_input("gpt2", 2)), ws.Metric("class_logit", 2))
    into = [number for head in range(4) for number in session.graph.edges_into(Reader("q", 1, head))]
    real, slopes, star = (np.abs(ws.trace(session, name).values[into]) for name in ("exact-scan", "eap", "atp-star"))
    assert np.corrcoef(slopes, real)[0, 1] < 0.3 < 0.9 < np.corrcoef(star, real)[0, 1]
    assert real.max() > 0.1 > 10 * slopes[real.argmax()]


@pytest.mark.parametrize("family", ["llama-grouped", "olmo2", "vit"])
def test_rows_of_a_batch_count_alike(family: str) -> None:
    """Gradients are by row, but for the absolute values: of one pair twice, the scores are those of the pair."""
    setup = case(family)
    assert setup.pair.counterfactual is not None
    a, b = setup.pair.clean.tensor, setup.pair.counterfactual.tensor
    one = ws.trace(ws.Session(setup.model, setup.pair), "atp-star").values
    twice = ws.Session(setup.model, setup.model.pair(torch.cat([a, a]), torch.cat([b, b])))
    assert np.allclose(ws.trace(twice, "atp-star").values, one, rtol=0, atol=1e-12)
    assert np.isfinite(one).all()


def test_nodes_are_the_means_over_dropped_layers_of_their_edges_sums() -> None:
    setup = case("llama-grouped")
    a = setup.pair.clean.tensor
    session = ws.Session(setup.model, setup.model.pair(a, a.clone()), ws.Metric("class_logit", 2))
    graph = session.graph
    values = ws.trace(session, "atp-star", replacement="zero", level="nodes").values
    node = Node("head", 1, 3)
    edges = [graph.edge(int(number)) for number in graph.edges_out_of(node)]
    sizes = [abs(sum(estimate(session, edge, layer) for edge in edges)) for layer in range(graph.layers)]
    plain = sum(estimate(session, edge, None) for edge in edges)
    assert values[graph.writer_index(node)] == pytest.approx(np.sign(plain) * np.mean(sizes), rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit-classifier"])
def test_nodes_at_positions_restated_by_real_edits(family: str) -> None:
    """One position alone is edited: of the keys one, and the softmax of every query that sees it is a real one."""
    setup = case(family)
    a = setup.pair.clean.tensor
    session = ws.Session(setup.model, setup.model.pair(a, a.clone()), ws.Metric("class_logit", 2))
    graph = session.graph
    values = ws.trace(session, "atp-star", replacement="zero", level="positions").values
    rng = random.Random(family)
    for node in (Node("input"), Node("head", 0, rng.randrange(graph.heads)), Node("mlp", graph.layers - 2)):
        place = rng.randrange(session.pair.length)
        edges = [graph.edge(int(number)) for number in graph.edges_out_of(node)]
        sums = [sum(estimate(session, edge, layer, place) for edge in edges) for layer in (None, *range(graph.layers))]
        expected = np.sign(sums[0]) * np.mean(np.abs(sums[1:]))
        assert values[graph.writer_index(node), place] == pytest.approx(expected, rel=2e-4, abs=1e-7), node.name


def test_the_last_layers_come_first() -> None:
    session = case("gpt2").session()
    (_, (scores, share)) = stopped_after(Tracing(session, "atp-star"), 2)
    known = np.isfinite(scores.values)
    layers = {
        session.graph.readers[int(n)].layer for n in session.graph.edge_readers[known][: -session.graph.n_writers]
    }
    assert layers == {2}
    assert share == pytest.approx(atp_star.FORWARD + (1 - atp_star.FORWARD) / 2), "two of four layers of readers"
    assert np.array_equal(scores.values[known], ws.trace(session, "atp-star").values[known])
