"""Activations by name, against hooks on the original model; the lens over all layers; attribution by source."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import wirescope as ws
from core.graph import Node
from core.lens.logit_lens import stream_lens
from tests.core.engine.cases import TOLERANCE, case
from tests.oracle import output_of

LAST = {"gpt2": "mlp.c_proj", "llama-grouped": "mlp.down_proj", "opt": "fc2", "gemma2": "mlp.down_proj"}
LAST |= {"timm-eva02": "mlp.fc2", "gpt-neox": "mlp.dense_4h_to_h", "dinov2-gated": "mlp.down_proj"}


@pytest.mark.parametrize("family", LAST)
def test_activations_are_those_of_the_model(family: str) -> None:
    setup = case(family)
    session = setup.session()
    found = ws.activations(session)
    read: dict[str, Tensor] = {}

    def watch(name: str) -> Any:
        return lambda _module, args: read.__setitem__(name, args[0])

    hooks = []
    for layer, block in enumerate(session.model.adapter.blocks):
        hooks.append(block.get_submodule(LAST[family]).register_forward_pre_hook(watch(f"m{layer}.neurons")))
        norm = setup.oracle.layout.blocks[layer].mlp_norm
        hooks.append(norm.register_forward_pre_hook(watch(f"->m{layer}")))
        hooks.append(norm.register_forward_hook(lambda _m, _a, out, n=layer: read.__setitem__(f"->m{n}.normed", out)))
    with torch.no_grad():
        output_of(setup.module, session.pair.clean.tensor)
    for hook in hooks:
        hook.remove()
    for name, expected in read.items():
        assert (found[name] - expected.reshape(found[name].shape)).abs().max() <= TOLERANCE, name
    for writer in session.graph.writers:
        assert (found[writer.name] - setup.oracle.clean.outs[writer.name]).abs().max() <= TOLERANCE
    names = set(found)
    assert names >= {"input", "a0.h1.pattern", "m1.neurons", "->logits.normed", "->m0"}
    assert len(found) == len(names) == sum(found[name].shape[0] == 1 for name in found)
    letter = "kv" if session.graph.kv_heads != session.graph.heads else "h"
    assert found[f"a1.{letter}1.v"].shape == found["a1.h1.z"].shape


def test_activations_of_a_run_have_its_edits_in_them() -> None:
    session = case("gpt2").session()
    edits = [ws.Edit("m0", "zero"), ws.Edit("input->m1", "zero"), ws.Edit("->a2.h0<q>", "zero")]
    run = session.run(edits, positions="all")
    found, clean = ws.activations(session, run), ws.activations(session)
    assert (found["m0"] == 0).all()
    assert torch.allclose(found["->m1"], found["->a2.h1<q>"] - found["m1"] - found["input"])
    bias = session.engine.references.bias_before(ws.Reader("q", 2, 0))
    assert torch.allclose(found["->a2.h0<q>"], bias.expand_as(found["->a2.h0<q>"]))
    assert torch.equal(found["a0.h1.q"], clean["a0.h1.q"])


@pytest.mark.parametrize(
    "name", ["m9", "a0.h1.x", "a0.h9.q", "a0.kv1.k", "m0.normed", "a0.h1.neurons", "m0->m1", "logits.z"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ws.WirescopeError):
        ws.activations(case("gpt2").session())[name]


def test_what_a_run_does_not_hold_is_said() -> None:
    session = case("gpt2").session()
    with pytest.raises(ws.WirescopeError, match='positions="all"'):
        ws.activations(session, session.run())
    with pytest.raises(ws.WirescopeError, match="mixture of experts"):
        ws.activations(case("mixtral").session())["m0.neurons"]


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "vit-classifier", "timm-vit-average"])
def test_the_lens_over_layers_and_positions_is_the_lens_at_each(family: str) -> None:
    session = case(family).session()
    run = session.run([ws.Edit("a0.h1", "zero")], positions="all")
    lens = ws.logit_lens(run, [3, 1])
    assert lens.stages[:3] == ("input", "a0", "m0")
    assert lens.probabilities.shape == (1 + 2 * session.graph.layers, session.pair.length, 2)
    for stage, node in ((0, Node("input")), (1, Node("head", 0)), (4, Node("mlp", 1))):
        for position in (0, 2):
            one = stream_lens(run, node, position, 1, also=[3, 1])
            values = {row.index: row.value for row in one.rows}
            assert lens.probabilities[stage, position] == pytest.approx([values[3], values[1]], abs=1e-6)
            assert int(lens.best[stage, position]) == one.rows[0].index
            assert lens.labels[stage][position] == one.rows[0].label
            assert lens.best_probabilities[stage, position] == pytest.approx(one.rows[0].value, abs=1e-6)
    with pytest.raises(ws.WirescopeError, match='positions="all"'):
        ws.logit_lens(case("gpt2").session().run())


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "vit-classifier", "gpt-oss"])
def test_the_sources_of_a_head_add_up_to_what_it_adds_directly(family: str) -> None:
    setup = case(family)
    session = ws.Session(setup.model, setup.pair, ws.logit_difference(1, 2) if setup.model.is_text else None)
    run = session.run([ws.Edit("m0", "zero")])
    direct = ws.direct_attribution(session, run)
    sources = ws.attribution_by_source(session, run)
    graph = session.graph
    assert sources.words == direct.words
    for node in graph.writers:
        if node.kind == "head":
            shares = sources.of_head(node.layer, node.head)
            assert shares.shape == (session.pair.length,)
            assert shares.sum() == pytest.approx(direct.values[graph.writer_index(node)], abs=1e-9)
