"""Weights that are not finite or not there, and devices that are not there."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, InputError, ModelError
from core.models.health import placement
from tests.core.engine.cases import case
from tests.small_models import small_model, small_text_model


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("saved", [False, True], ids=["a module", "a folder"])
def test_weights_that_are_not_finite_are_refused_by_name(value: float, saved: bool, tmp_path) -> None:
    module, tokenizer = small_text_model()
    name = "transformer.h.1.mlp.c_fc.weight"
    with torch.no_grad():
        module.get_parameter(name)[3, 2] = value
    source: object = (module, tokenizer)
    if saved:
        module.save_pretrained(tmp_path)
        tokenizer.save_pretrained(tmp_path)
        source = str(tmp_path)
    with pytest.raises(ModelError, match=rf"{name} of .* holds 1 numbers that are not finite"):
        ws.load_model(source)


def test_large_weights_are_finite() -> None:
    module = small_model("gpt2").float()
    with torch.no_grad():
        module.lm_head.weight.fill_(3e38)  # type: ignore[union-attr, operator]
    assert ws.load_model((module, None)).title


def test_a_model_whose_weights_were_left_elsewhere_is_refused() -> None:
    module = small_model("gpt2")
    module.transformer.h[1].to("meta")  # type: ignore[union-attr, index]
    with pytest.raises(ModelError, match=r"transformer.h.1.* is on the meta device: it has a size and no numbers"):
        ws.load_model((module, None))


def test_inputs_on_another_device_are_refused() -> None:
    setup = case("gpt2")
    elsewhere = replace(setup.pair.clean, tensor=setup.pair.clean.tensor.to("meta"))
    with pytest.raises(InputError, match="model is on cpu and the inputs are on meta"):
        ws.Session(setup.model, replace(setup.pair, clean=elsewhere))


def test_devices_and_precisions() -> None:
    assert placement("cpu", "fp32") == (torch.device("cpu"), torch.float32)
    assert placement("cpu", "bf16") == (torch.device("cpu"), torch.bfloat16)
    assert placement("cpu", "fp64") == (torch.device("cpu"), torch.float64)
    with pytest.raises(ArgumentError, match="fp32, bf16, fp64"):
        placement("cpu", "fp8")
    for name in ("gpu", "cuda:x", ""):
        with pytest.raises(ArgumentError, match=f"no device '{name}'") as refused:
            placement(name, "fp32")
        assert all(each in refused.value.hint for each in ("cpu", "mps", "cuda:1", "cuda:0,cuda:1,cpu", "auto"))
    for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())):
        if there:
            assert placement(name, "bf16")[1] == torch.bfloat16
        else:
            with pytest.raises(ModelError, match=f"no {name} device"):
                ws.load_model("bundled:names", device=name)
