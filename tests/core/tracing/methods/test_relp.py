"""Relevance: the rules by hand, conserved where nothing is added, refused where there is no rule."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import wirescope as ws
from core.errors import ModelError
from core.graph import Reader
from core.models.adapter import Adapter
from core.tracing.relevance import with_relevance
from tests.core.engine.cases import case
from tests.small_models import TEXT

KINDS = ("moe", "mixtral", "oss", "llama4")
MIXTURES = [family for family in TEXT if any(kind in family for kind in KINDS)]
TREATED = [family for family in TEXT if family not in MIXTURES]


def drawn(adapter: Adapter, seed: int = 0) -> Tensor:
    return torch.randn(2, 5, adapter.shape.width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def passed_back(function: Callable[[Tensor], Tensor], x: Tensor, gradient: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(function(x), x, gradient)
    return found


@pytest.mark.parametrize("family", TREATED)
def test_the_forward_pass_is_the_models_own(family: str) -> None:
    adapter = case(family).model.adapter
    ruled = with_relevance(adapter)
    x = drawn(adapter).requires_grad_()
    for name in ("attention_norm", "mlp_norm", "mlp"):
        for layer in range(adapter.shape.layers):
            assert torch.allclose(getattr(ruled, name)(layer, x), getattr(adapter, name)(layer, x), rtol=0, atol=1e-12)
    assert torch.allclose(ruled.read(x), adapter.read(x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["llama-grouped", "gemma", "phi3"])
def test_a_gated_mlp_gives_each_factor_half(family: str) -> None:
    adapter = case(family).model.adapter
    mlp = case(family).module.model.layers[1].mlp
    x, gradient = drawn(adapter), drawn(adapter, 1)
    if family == "phi3":
        gate_w, up_w = mlp.gate_up_proj.weight.detach().chunk(2)
    else:
        gate_w, up_w = mlp.gate_proj.weight.detach(), mlp.up_proj.weight.detach()
    gate, up = x @ gate_w.T, x @ up_w.T
    act = F.gelu(gate, approximate="tanh") if family == "gemma" else F.silu(gate)
    back = gradient @ mlp.down_proj.weight.detach()
    expected = (back * up / 2 * act / gate) @ gate_w + (back * act / 2) @ up_w
    found = passed_back(lambda x: with_relevance(adapter).mlp(1, x), x, gradient)
    assert torch.allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt-neox"])
def test_an_activation_is_its_input_times_a_constant(family: str) -> None:
    setup = case(family)
    adapter = setup.model.adapter
    x, gradient = drawn(adapter), drawn(adapter, 1)
    if family == "gpt2":  # its GELU is written out with tanh
        mlp = setup.module.transformer.h[1].mlp
        first, second, act = mlp.c_fc.weight.T, mlp.c_proj.weight.T, lambda x: F.gelu(x, approximate="tanh")
        bias = mlp.c_fc.bias
    elif family == "opt":
        block = setup.module.model.decoder.layers[1]
        first, second, act, bias = block.fc1.weight, block.fc2.weight, F.relu, block.fc1.bias
    else:
        mlp = setup.module.gpt_neox.layers[1].mlp
        first, second, act = mlp.dense_h_to_4h.weight, mlp.dense_4h_to_h.weight, F.gelu
        bias = mlp.dense_h_to_4h.bias
    inner = x @ first.T + bias
    expected = ((gradient @ second) * act(inner) / inner) @ first
    found = passed_back(lambda x: with_relevance(adapter).mlp(1, x), x, gradient)
    assert torch.allclose(found, expected.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma", "cohere"])
def test_a_norm_divides_by_a_constant(family: str) -> None:
    adapter = case(family).model.adapter
    x, gradient = drawn(adapter), drawn(adapter, 1)
    centred = family in ("gpt2", "cohere")
    inner = x - x.mean(-1, keepdim=True) if centred else x
    bias = adapter.attention_norm(1, torch.zeros_like(x))
    scale = ((adapter.attention_norm(1, x) - bias) / inner).detach()  # weight / size, number by number
    expected = gradient * scale
    if centred:
        expected = expected - expected.mean(-1, keepdim=True)
    found = passed_back(lambda x: with_relevance(adapter).attention_norm(1, x), x, gradient)
    assert torch.allclose(found, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("family", ["llama-grouped", "mistral-window", "gemma2", "olmo2", "qwen3"])
def test_relevance_is_conserved_without_biases(family: str) -> None:
    """All of the logit comes from the embedding, through values, MLPs and norms."""
    setup = case(family, batch=2)
    session = ws.Session(setup.model, setup.pair, ws.Metric("class_logit", 5))
    scores = ws.trace(session, "relp", replacement="zero")
    logit = float(session.clean.metric.mean())
    assert abs(logit) > 0.01
    assert scores.values[session.graph.edges_out_of(ws.Node("input"))].sum() == pytest.approx(logit, rel=1e-6)
    into_logits = scores.values[session.graph.edges_into(Reader("logits"))].sum()
    assert into_logits == pytest.approx(logit, rel=1e-6), "the last norm, too, passes on all that it gets"
    for kind in ("q", "k"):
        shared = kind == "k" and session.graph.kv_heads != session.graph.heads
        assert not scores.values[session.graph.edges_into(Reader(kind, 1, 0, shared))].any()


def test_weights_that_want_gradients_are_no_activations() -> None:
    setup = case("gemma")
    session = setup.session()
    before = ws.trace(session, "relp").values
    for parameter in setup.module.parameters():
        parameter.requires_grad_(True)
    wanting = ws.trace(session, "relp").values
    for parameter in setup.module.parameters():
        parameter.requires_grad_(False)
    assert np.array_equal(before, ws.trace(session, "relp").values)
    assert np.array_equal(before, wanting)


def test_what_has_no_rule_is_refused_by_name() -> None:
    for family in MIXTURES:
        session = case(family).session()
        with pytest.raises(ModelError, match=f"MLP of {session.model.adapter.family}"):
            ws.trace(session, "relp")
    with pytest.raises(ModelError, match="language models"):
        ws.trace(case("vit").session(), "relp")
