"""A circuit over positions: its scores sum to those of its edges, its moves to those of its heads, each is the slope of
a real edit at that position, and the exact effect there is the oracle's."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edits import Edit, EditKind
from core.errors import ArgumentError, EditError
from core.lens.unfolded import unfold
from tests.core.engine.cases import Case, case
from tests.small_models import POSITIONS, TEXT

KINDS: tuple[EditKind, ...] = ("patch", "zero", "mean")
STRENGTH = 1e-4
# shared keys, windows, sinks, joint norms, parallel blocks, no norm at all; layer scale, registers, pooled outputs
LANGUAGE = ("gpt2", "llama-grouped", "qwen2-window", "gpt-oss", "olmo2", "gemma2", "gptj", "opt", "siglip-text")
VISION = ("timm-vit-layerscale", "vit-classifier", "dinov2", "dinov2-registers", "clip-vision", "timm-eva", "beit")


def some_edges(graph: ws.Graph, seed: str, count: int = 12) -> list[int]:
    rng = random.Random(seed)
    return [*rng.sample(range(graph.n_edges), count), graph.index("input->logits"), graph.index("m0->logits")]


@pytest.mark.parametrize("family", [*LANGUAGE, *VISION])
def test_scores_sum_to_those_of_edges_and_nodes_and_moves_to_those_of_heads(family: str) -> None:
    setup = case(family, batch=2, lengths=(4, POSITIONS) if family in TEXT else None)
    session = setup.session()
    graph = session.graph
    edges = some_edges(graph, family)
    for kind, method in (("patch", "eap"), ("zero", "eap"), ("mean", "eap"), ("patch", "eap-ig")):
        found = unfold(session, edges, replacement=kind, method=method, steps=2)
        whole = ws.trace(session, method, replacement=kind, steps=2)
        assert found.wires.shape == (len(edges), session.pair.length)
        assert np.abs(whole.values[edges]).max() > 1e-4
        np.testing.assert_allclose(found.wires.sum(axis=1), whole.values[edges], rtol=1e-4, atol=1e-6)
        of_nodes = [whole.of_node(node) for node in found.nodes]
        np.testing.assert_allclose(found.presence.sum(axis=1), of_nodes, rtol=1e-4, atol=1e-6)
        assert len(found.heads) >= 3
        assert found.moves.shape == (len(found.heads), session.pair.length, session.pair.length)
        if "gpt-oss" in family and kind == "mean":
            continue  # the sink's share of the mean is in no move
        np.testing.assert_allclose(found.moves.sum(axis=2), found.presence[found.heads], rtol=1e-4, atol=1e-6)
        if session.model.adapter.shape.causal:
            assert not np.triu(found.moves[0], 1).any(), "nothing comes from later positions"


def slope(session: ws.Session, edit: Edit) -> float:
    """The derivative of the mean metric by an edit's strength at 0, exact to the second order of STRENGTH."""

    def metric(strength: float) -> float:
        own = Edit(edit.target, edit.kind, edit.positions, edit.value, strength)
        return float(session.run([own]).metric.mean())

    return (4 * metric(STRENGTH / 2) - metric(STRENGTH) - 3 * metric(0.0)) / STRENGTH


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gptj", "vit-classifier", "dinov2"])
def test_a_wire_is_the_slope_of_the_edit_at_its_position(family: str) -> None:
    session = case(family).session()
    edges = some_edges(session.graph, family, 5)
    found = unfold(session, edges)
    for place, index in enumerate(edges):
        edge = session.graph.edge(index)
        for position in random.Random(index).sample(range(session.pair.length), 2):
            expected = -slope(session, Edit(edge, "patch", [position]))
            assert found.wires[place, position] == pytest.approx(expected, rel=1e-4, abs=1e-6), edge


def carried(setup: Case, layer: int, head: int, query: int, key: int) -> torch.Tensor:
    """What a head of the small GPT-2 moves, from the library's own pattern and weights: [width]."""
    module = setup.module
    module.set_attn_implementation("eager")  # type: ignore[operator]
    with torch.no_grad():
        out = module(setup.pair.clean.tensor, output_attentions=True, output_hidden_states=True)
        block = module.transformer.h[layer]  # type: ignore[union-attr,index]
        normed = block.ln_1(out.hidden_states[layer])  # type: ignore[operator,union-attr]
        width = normed.shape[-1]
        value = block.attn.c_attn(normed)[0, key, 2 * width :]  # type: ignore[operator,union-attr]
        size = width // module.config.n_head  # type: ignore[union-attr,operator]
        part = slice(head * size, (head + 1) * size)
        w = block.attn.c_proj.weight[part]  # type: ignore[union-attr,index]
        return out.attentions[layer][0, head, query, key] * (value[part] @ w)


def test_a_move_is_the_slope_of_taking_it_away() -> None:
    setup = case("gpt2")
    session = setup.session()
    graph = session.graph
    found = unfold(session, [graph.index("a1.h1->logits"), graph.index("input->a2.h0<q>")], replacement="zero")
    sizes = []
    for row, place in enumerate(found.heads.tolist()):
        node = found.nodes[place]
        for query, key in ((POSITIONS - 1, 0), (POSITIONS - 1, 2), (3, 1), (2, 2)):
            vector = -carried(setup, node.layer, node.head, query, key)
            expected = -slope(session, Edit(node, "steer", [query], vector))
            assert found.moves[row, query, key] == pytest.approx(expected, rel=1e-4, abs=1e-6), (node, query, key)
            sizes.append(abs(expected))
    assert max(sizes) > 1e-3


def test_regions_add_their_patches_up() -> None:
    session = case("vit-classifier").session()
    length = session.pair.length
    found = unfold(session, some_edges(session.graph, "regions"))
    columns = [(0,), (1, 2, 4), *((position,) for position in range(5, length))]
    merged = found.merged(columns)
    np.testing.assert_allclose(merged.wires[:, 1], found.wires[:, [1, 2, 4]].sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(merged.presence[:, 1], found.presence[:, [1, 2, 4]].sum(axis=1), rtol=1e-5)
    inside = found.moves[:, [1, 2, 4]][:, :, [1, 2, 4]].sum(axis=(1, 2))
    np.testing.assert_allclose(merged.moves[:, 1, 1], inside, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(merged.moves[:, 0, 1], found.moves[:, 0, [1, 2, 4]].sum(axis=1), rtol=1e-4, atol=1e-7)
    with pytest.raises(ArgumentError, match="outside"):
        found.merged([(0, length)])


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit-classifier", "dinov2"])
def test_the_effect_at_a_position_is_the_oracles(family: str) -> None:
    setup = case(family)
    session = ws.Session(setup.model, setup.pair, dataset=setup.dataset)
    graph = session.graph
    others = [Edit("m0", "zero", [0])]

    def metric(edits: list[Edit]) -> float:
        return float(session.metric(setup.answer(setup.oracle.run(edits))).mean())

    sizes = []
    for target in (ws.Node("head", 1, 1), ws.Node("mlp", 1), graph.edge(graph.index("a0.h1->m1"))):
        for kind in KINDS:
            for positions in ([setup.pair.length - 1], [0, 2]):
                expected = metric([*others, Edit(target, kind, positions)]) - metric(others)
                own = Edit(target, kind, tuple(positions))
                found = float(session.run([*others, own]).metric.mean() - session.run(others).metric.mean())
                assert found == pytest.approx(expected, abs=1e-9)
                sizes.append(abs(expected))
    assert max(sizes) > 1e-3


def test_what_cannot_be_unfolded_says_so() -> None:
    setup = case("gpt2")
    session = setup.session()
    alone = ws.Session(setup.model, setup.model.pair(setup.pair.clean.tensor))
    edges = [session.graph.index("a0.h0->logits")]
    with pytest.raises(ArgumentError, match="acdc"):
        unfold(session, edges, method="acdc")
    for method in ("eap", "eap-ig"):
        with pytest.raises(EditError, match="counterfactual"):
            unfold(alone, edges, method=method)
    assert np.isfinite(unfold(alone, edges, replacement="zero").wires).all()
    nothing = unfold(session, [])
    assert (nothing.nodes, nothing.wires.shape, nothing.moves.shape[0]) == ((), (0, session.pair.length), 0)


@pytest.mark.parametrize("port", ["k", "v"])
def test_an_edge_into_a_shared_key_or_value_unfolds_to_every_head_of_its_group(port: str) -> None:
    session = case("llama-grouped").session()
    graph = session.graph
    assert graph.heads > graph.kv_heads
    edge = graph.index(f"m0->a2.kv1<{port}>")
    found = unfold(session, [edge])
    feeds = graph.readers_of(graph.edge(edge).reader)
    assert found.nodes == (ws.Node("mlp", 0), *feeds)
    assert [found.nodes[place] for place in found.heads] == list(feeds)
    for row, head in enumerate(feeds):  # each as where it is unfolded for an edge that leaves it
        alone = unfold(session, [graph.index(f"{head.name}->logits")])
        np.testing.assert_array_equal(found.moves[row], alone.moves[0])
