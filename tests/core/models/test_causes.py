"""Modules that are not what their weights say: the refusal names why."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import wirescope as ws
from core.errors import ModelError
from tests.small_models import small_input, small_model


class Lora(nn.Module):
    """As peft's layers: its weight is the base layer's."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.base_layer = base
        self.down, self.up = (
            nn.Parameter(torch.randn(shape)) for shape in ((2, base.in_features), (base.out_features, 2))
        )

    weight = property(lambda self: self.base_layer.weight)
    bias = property(lambda self: self.base_layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.base_layer(x) + x @ self.down.T @ self.up.T
        return changed


def adapted(module: Any) -> None:
    torch.manual_seed(0)
    for layer in module.model.layers:
        layer.self_attn.q_proj = Lora(layer.self_attn.q_proj)
    module.eval()


def hooked(module: Any) -> None:
    module.model.layers[0].self_attn.register_forward_hook(lambda _m, _i, out: (out[0] * 0.5, *out[1:]))


def hooked_before(module: Any) -> None:
    module.model.layers[1].register_forward_pre_hook(lambda _m, args: (args[0] * 2, *args[1:]))


def patched(module: Any) -> None:
    attention = module.model.layers[0].self_attn
    own = attention.forward
    attention.forward = lambda *args, **more: tuple(x if x is None else 2 * x for x in own(*args, **more))


def patched_with_other_arguments(module: Any) -> None:
    attention = module.model.layers[0].self_attn
    own = attention.forward
    attention.forward = lambda hidden_states: own(hidden_states)


def hooked_to_another_type(module: Any) -> None:
    module.model.layers[0].mlp.register_forward_hook(lambda _m, _i, out: {"out": out})


def dropping(module: Any) -> None:
    module.model.layers[0].mlp = nn.Sequential(module.model.layers[0].mlp, nn.Dropout(0.5)).eval()
    module.model.layers[0].mlp.train()


def mixed(module: Any) -> None:
    module.model.layers[1].half()


def empty(module: Any) -> None:
    module.to("meta")


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (adapted, r"model\.layers\.0\.self_attn\.q_proj \(Lora\).*merge_and_unload"),
        (hooked, r"Hooks are on model\.layers\.0\.self_attn \(a forward hook\).*emove them"),
        (hooked_before, r"model\.layers\.1 \(a forward pre-hook\)"),
        (patched, r"model\.layers\.0\.self_attn \(a forward of its own\)"),
        (
            patched_with_other_arguments,
            r"cannot run: Hooks are on model\.layers\.0\.self_attn \(a forward of its own\)",
        ),
        (hooked_to_another_type, r"Hooks are on model\.layers\.0\.mlp \(a forward hook\)"),
        (dropping, r"model\.layers\.0\.mlp, is in training mode.*eval\(\)"),
        (mixed, r"float32 \(model\.embed_tokens\.weight\) and float16 \(model\.layers\.1\..*float\(\)"),
        (empty, r"model\.embed_tokens\.weight of LlamaForCausalLM is on the meta device"),
    ],
)
def test_the_refusal_of_a_module_names_its_cause(do: Callable[[Any], None], words: str) -> None:
    module = small_model("llama").float()
    for part in module.modules():
        vars(part).pop("forward", None)  # those of the small models keep fp64
    do(module)
    with pytest.raises(ModelError, match=words):
        session(ws.load_model((module, None)))


def session(model: ws.Model) -> ws.Session:
    return ws.Session(model, model.pair(small_input("llama", 0)))


def test_autocast_is_refused_by_name() -> None:
    model = ws.load_model((small_model("llama").float(), None))
    with torch.autocast("cpu", dtype=torch.bfloat16), pytest.raises(ModelError, match=r"torch\.autocast is on"):
        session(model)
    assert session(model).parity.relative < 1e-5


@pytest.mark.parametrize("family", ["llama", "gpt-neox"])
def test_weights_that_changed_after_loading_are_named(family: str) -> None:
    module = copy.deepcopy(small_model(family))
    model = ws.load_model((module, None))
    session(model)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if "1.self_attn.q_proj" in name or "1.attention.query_key_value.weight" in name:
                weight.mul_(3)
    with pytest.raises(ModelError, match=r"layer 1 changed after the model was opened.*load_model"):
        session(model)
    assert session(ws.load_model((module, None))).parity.difference < 1e-9


def test_a_module_that_is_put_into_training_mode_later_is_named() -> None:
    module: Any = small_model("gpt2")
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.5
    model = ws.load_model((module, None))
    module.train()
    with pytest.raises(ModelError, match=r"in training mode.*eval\(\)"):
        ws.Session(model, model.pair(small_input("gpt2", 0)))


def test_a_hook_that_only_looks_is_no_fault() -> None:
    module: Any = small_model("llama")
    seen: list[Tensor] = []
    module.model.layers[0].mlp.register_forward_hook(lambda _m, _i, out: seen.append(out))
    assert session(ws.load_model((module, None))).parity.difference < 1e-9
    assert seen


@pytest.mark.parametrize("name", ["PeftModelForCausalLM", "DataParallel", "OptimizedModule"])
def test_wrapped_models_are_refused_with_what_to_give(name: str) -> None:
    wrapper = type(name, (nn.Module,), {})()
    with pytest.raises(ModelError, match=r"merge_and_unload|its \.module or \._orig_mod"):
        ws.load_model((wrapper, None))
