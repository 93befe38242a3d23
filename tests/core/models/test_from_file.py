"""Weights on their way to GPUs go there from their file, one after the other: what is read into memory before, and that
they are what they are on one device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForCausalLM

import wirescope as ws
from core.models import loading
from core.models.checkpoint import stored_weights
from core.models.mapped_files import on_disk
from core.models.placed import placed
from core.models.spread import places_of, spread
from core.models.stays_on_disk import input_kind
from core.models.streamed import is_streamed
from core.models.weights_place import bytes_in_memory, bytes_on_the_way, bytes_to_open
from core.precision import PRECISIONS
from tests.core.models.test_weights_on_disk import saved
from tests.several_devices import CPU, GPUS, lies_on, room_for, several_devices
from tests.small_models import language_model, small_input, small_model
from tests.small_vision import vision_model

FIRST, SECOND = GPUS


@pytest.mark.parametrize(("stored", "dtype"), [("bf16", "bf16"), ("bf16", "fp32"), ("fp32", "bf16")])
def test_weights_go_to_their_devices_from_their_file_once(stored: str, dtype: str, tmp_path: Path) -> None:
    language_model("Llama", num_hidden_layers=3).to(PRECISIONS[stored]).save_pretrained(tmp_path)
    whole = ws.load_model(tmp_path, dtype=dtype)
    in_file: list[bool] = []

    def watched(model: ws.Model, devices: Sequence[torch.device], dtype: torch.dtype) -> ws.Model:
        in_file.extend(map(on_disk, model.adapter.module.parameters()))
        return placed(model, devices, dtype)

    with several_devices(room_for(whole, 1, 1)) as devices, patch.object(loading, "placed", watched):
        model = ws.load_model(tmp_path, dtype=dtype, device="cuda:0,cuda:1,cpu")
        weights = list(model.adapter.module.parameters())
        moved = sorted(devices.moved)
        assert places_of(model.adapter) == [FIRST, SECOND, CPU]
        assert not any(map(on_disk, weights))
        assert {weight.dtype for weight in weights} == {PRECISIONS[dtype]}
        there = ws.Session(model, model.pair(small_input("llama", 1))).clean.logits.cpu()
    assert in_file == [True] * len(weights)  # nothing was read into memory before
    assert moved == sorted(
        weight.numel() for weight in (*weights, *model.adapter.module.buffers()) if lies_on(weight) != CPU
    )
    here = ws.Session(whole, whole.pair(small_input("llama", 1))).clean.logits
    assert torch.allclose(here, there, rtol=0, atol=1e-6)


def test_memory_is_taken_on_the_way_by_experts_alone(tmp_path: Path) -> None:
    small_model("qwen3-moe").bfloat16().save_pretrained(tmp_path)
    stored = stored_weights(tmp_path)
    experts = sum(weight.numbers for name, weight in stored.items() if "experts" in name)
    assert 0 < bytes_on_the_way(stored, torch.float32, "text") == 2 * experts
    assert bytes_on_the_way({}, torch.float32, "text") == 0


@pytest.mark.parametrize("dtype", ["bf16", "fp32", "fp64"])
def test_of_a_file_of_two_precisions_nothing_is_rounded_twice(dtype: str, tmp_path: Path) -> None:
    """Those that are stored in what the model computes in are not read into memory before."""
    module: Any = language_model("Llama", num_hidden_layers=3).bfloat16()
    module.model.norm.float()
    with torch.no_grad():
        module.model.norm.weight += 1e-4
    module.save_pretrained(tmp_path)
    ready = "fp32" if dtype == "fp64" else dtype
    apart = {"bf16": ["model.norm.weight"]}.get(
        dtype, [name for name, _ in module.named_parameters() if name != "model.norm.weight"]
    )
    whole, there, in_memory = opened_over_three(tmp_path, dtype)
    assert sorted(in_memory) == sorted(apart)
    assert_same_weights(whole, there, dtype)
    stored = stored_weights(tmp_path)
    taken = sum(stored[name].numbers for name in apart) * PRECISIONS[ready].itemsize
    assert bytes_on_the_way(stored, PRECISIONS[dtype], "text") == taken


@pytest.mark.parametrize("stored", ["fp32", "bf16"])
@pytest.mark.parametrize("library", ["Hugging Face", "timm"])
def test_models_of_pictures_go_from_their_file_too(library: str, stored: str, tmp_path: Path) -> None:
    """From one in fp32, in which texts of classes and probes are read."""
    if library == "timm":
        file = Path(saved("timm", tmp_path)) / "model.safetensors"
        save_file({name: weight.to(PRECISIONS[stored], copy=True) for name, weight in load_file(file).items()}, file)
    else:
        module: Any = vision_model("ViTForImageClassification")
        module.to(PRECISIONS[stored]).save_pretrained(tmp_path)
    whole, there, in_memory = opened_over_three(tmp_path, "bf16")
    assert (in_memory == []) is (stored == "fp32")
    assert_same_weights(whole, there, "bf16")
    weights = stored_weights(tmp_path)
    numbers = sum(each.numbers for each in weights.values())
    assert input_kind(tmp_path) == "image"
    assert bytes_on_the_way(weights, torch.bfloat16, "image") == (0 if stored == "fp32" else 4 * numbers)


@pytest.mark.parametrize("stored", ["bf16", "fp32"])
def test_in_half_precision_a_language_model_takes_half_the_memory_on_the_cpu_too(stored: str, tmp_path: Path) -> None:
    """It answers as the library does, and is not read in fp32 before."""
    small_model("llama-grouped").to(PRECISIONS[stored]).save_pretrained(tmp_path)
    in_file: list[bool] = []

    def watched(module: Any, *told: Any) -> None:
        in_file.extend(map(on_disk, module.parameters()))
        spread(module, *told)

    with patch.object(loading, "spread", watched):
        model = ws.load_model(tmp_path, dtype="bf16")
    weights = list(model.adapter.module.parameters())
    assert in_file == [True] * len(weights)
    assert {weight.dtype for weight in weights} == {torch.bfloat16}
    assert not any(map(on_disk, weights))
    assert not is_streamed(model.adapter)
    ids = small_input("llama-grouped", 1)
    library: Any = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    with torch.no_grad():
        assert torch.equal(model.adapter.own_forward(ids), library(input_ids=ids).logits)
    told = stored_weights(tmp_path)
    numbers = sum(each.numbers for each in told.values())
    assert bytes_to_open(told, torch.bfloat16, "text") == 2 * numbers
    for dtype, reads in ((torch.float32, "text"), (torch.bfloat16, "image")):
        assert bytes_to_open(told, dtype, reads) == bytes_in_memory(told, dtype) == 4 * numbers


def opened_over_three(folder: Path, dtype: str) -> tuple[ws.Model, dict[str, Tensor], list[str]]:
    """A model on the CPU alone; the weights of the same over three devices, and which of them were in memory before
    they went there, by name."""
    whole = ws.load_model(folder, dtype=dtype)
    in_memory: list[str] = []

    def watched(model: ws.Model, devices: Sequence[torch.device], dtype: torch.dtype) -> ws.Model:
        weights = model.adapter.module.named_parameters()
        in_memory.extend(name for name, weight in weights if not on_disk(weight))
        return placed(model, devices, dtype)

    with several_devices(room_for(whole, 0, 1)), patch.object(loading, "placed", watched):
        model = ws.load_model(folder, dtype=dtype, device="cuda:0,cuda:1,cpu")
        assert len(set(places_of(model.adapter))) > 1
        weights = dict(model.adapter.module.named_parameters())
        assert not any(map(on_disk, weights.values()))
        there = {name: weight.detach().cpu() for name, weight in weights.items()}
    return whole, there, in_memory


def assert_same_weights(whole: ws.Model, there: dict[str, Tensor], dtype: str) -> None:
    weights = dict(whole.adapter.module.named_parameters())
    assert weights.keys() == there.keys()
    for name, weight in weights.items():
        assert there[name].dtype == PRECISIONS[dtype]
        assert torch.equal(weight, there[name]), name
