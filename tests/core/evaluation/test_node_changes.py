"""What an edit reaches, and by how much: against what really changes, and against hooks on the model's own modules."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
import transformers

import wirescope as ws
from core.downstream import downstream
from core.evaluation.node_changes import node_changes
from core.graph import Graph, Node
from tests.core.engine.cases import case

FAMILIES = ("gpt2", "llama", "gptj", "gemma2", "vit")  # plain; shared K/V heads; parallel; a norm across heads; images


def targets(graph: Graph, count: int) -> list[str]:
    rng = random.Random(1)
    edges = [graph.edge(rng.randrange(graph.n_edges)).name for _ in range(count)]
    nodes = [node.name for node in rng.sample(graph.writers, 4)]
    readers = [reader.name if "<" in reader.name else f"->{reader.name}" for reader in rng.sample(graph.readers, 4)]
    return [*edges, *nodes, *readers]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_downstream_of_an_edit_is_what_the_edit_changes(family: str) -> None:
    session = case(family).session()
    graph = session.graph
    for name in targets(graph, 8):
        reached = downstream(graph, [graph.parse(name)])
        changes = node_changes(session, [ws.Edit(name, "zero")])
        assert ((changes > 1e-9) == reached).all(), name


def test_nothing_is_downstream_of_the_last_edge_but_logits() -> None:
    graph = Graph(3, 2, 2)
    assert [graph.nodes[i].name for i in np.flatnonzero(downstream(graph, [graph.parse("m1->logits")]))] == ["logits"]
    assert not downstream(graph, []).any()
    assert not downstream(graph, [Node("logits")]).any()


def test_several_edits_reach_what_any_of_them_reaches() -> None:
    graph = Graph(4, 4, 2)
    one, two = graph.parse("a1.h0->a3.kv1<k>"), graph.parse("m0->a2.h3<q>")
    both = downstream(graph, [one, two])
    assert (both == downstream(graph, [one]) | downstream(graph, [two])).all()
    assert both[graph.writer_index(Node("head", 2, 3))]
    assert not both[graph.writer_index(Node("head", 2, 2))]


def test_the_change_of_a_node_is_that_of_the_models_own_module() -> None:
    torch.manual_seed(0)
    module = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_layer=3, n_head=4, n_embd=16, vocab_size=30, n_positions=8)
    ).eval()
    ids = torch.randint(0, 30, (1, 6))
    model = ws.load_model((module, None))
    session = ws.Session(model, model.pair(ids))
    graph, changes = session.graph, node_changes(session, [ws.Edit("m0", "zero")])

    def outputs(zero: bool) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = {}
        hooks = [
            module.transformer.h[layer].mlp.register_forward_hook(
                lambda _m, _i, out, layer=layer: out * 0 if zero and layer == 0 else found.update({f"m{layer}": out})
            )
            for layer in range(3)
        ]
        hooks += [
            module.transformer.h[layer].attn.c_proj.register_forward_pre_hook(
                lambda _m, inputs, layer=layer: found.update({f"z{layer}": inputs[0]})
            )
            for layer in range(3)
        ]
        with torch.no_grad():
            found["logits"] = module(ids).logits[:, -1]
        for hook in hooks:
            hook.remove()
        for layer in range(3):
            w = module.transformer.h[layer].attn.c_proj.weight.detach()
            for head in range(4):
                rows = slice(4 * head, 4 * head + 4)
                found[f"a{layer}.h{head}"] = found[f"z{layer}"][..., rows] @ w[rows]
        return found

    clean, edited = outputs(False), outputs(True)
    last = slice(5, 6)  # of the last layer, the engine computes only what the output reads
    for name in ("a1.h2", "m1", "a2.h3", "m2", "logits"):
        here = last if name in ("a2.h3", "m2") else slice(None)
        a, b = clean[name][:, here] if name != "logits" else clean[name], edited[name]
        b = b[:, here] if name != "logits" else b
        expected = float((b - a).norm() / a.norm())
        number = graph.n_writers if name == "logits" else graph.writer_index(graph.parse(name))
        assert changes[number] == pytest.approx(expected, rel=1e-4), name
    assert changes[graph.writer_index(Node("mlp", 0))] == 0.0  # its own edit changes what others read of it
