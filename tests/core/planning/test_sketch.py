"""A model from its configuration alone: the same parts as with weights, and no weight in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from core.errors import ArgumentError, ModelError
from core.models.loading import load_model
from core.planning.sketch import SIZES, known_sizes, sketch
from tests.small_models import small_model

PUBLISHED = {
    "gpt2-xl": 1.56e9,
    "llama-3-8b": 8.03e9,
    "llama-3-70b": 70.6e9,
    "qwen3-30b-a3b": 30.5e9,
    "dinov2-giant": 1.14e9,
}


@pytest.mark.parametrize("source", ["bundled:names", "bundled:shapes"])
def test_it_has_the_parts_of_the_model(source: str) -> None:
    drawn, opened = sketch(source).adapter, load_model(source).adapter
    assert drawn.graph == opened.graph
    assert drawn.shape == opened.shape
    assert drawn.vocabulary == opened.vocabulary
    parts = {name: tuple(weight.shape) for name, weight in opened.module.named_parameters()}
    assert {name: tuple(weight.shape) for name, weight in drawn.module.named_parameters()} == parts
    assert all(weight.is_meta for weight in drawn.module.parameters())


@pytest.mark.parametrize("name", known_sizes())
def test_published_models_have_their_number_of_parameters(name: str) -> None:
    parameters = sum(weight.numel() for weight in sketch(SIZES + name, "bf16").adapter.module.parameters())
    assert name not in PUBLISHED or parameters == pytest.approx(PUBLISHED[name], rel=0.005)


@pytest.mark.parametrize("family", ["llama", "mixtral", "gpt-oss", "gemma2", "dinov2"])
def test_some_layers_compute(family: str, tmp_path: Path) -> None:
    small_model(family).config.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "architectures": [type(small_model(family)).__name__]}))
    drawn = sketch(str(path))
    adapter = drawn.some_layers(1)
    assert adapter.shape.layers == 1 < drawn.adapter.shape.layers
    with torch.no_grad():
        stream = adapter.attention_norm(0, torch.randn(1, 5, adapter.shape.width))
    assert bool(stream.isfinite().all())


def test_what_is_no_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read as a configuration"):
        sketch(str(tmp_path))
    (tmp_path / "config.json").write_text('{"hidden_size": 4}')
    with pytest.raises(ModelError, match="does not say which architecture"):
        sketch(str(tmp_path))
    (tmp_path / "config.json").write_text('{"architectures": ["T5Model"]}')
    with pytest.raises(ModelError, match="T5Model is not supported"):
        sketch(str(tmp_path))
    wrong = {"architectures": ["LlamaForCausalLM"], "hidden_size": 10, "num_attention_heads": 3, "vocab_size": "many"}
    (tmp_path / "config.json").write_text(json.dumps(wrong))
    with pytest.raises(ModelError, match="vocab_size: many, which no model has"):
        sketch(str(tmp_path))
    with pytest.raises(ArgumentError, match="No sizes of 'llama-4'"):
        sketch("sizes:llama-4")
    with pytest.raises(ModelError, match="no folder and no file here"):
        sketch("nobody/nothing")
    with pytest.raises(ArgumentError, match="takes no pictures"):
        sketch("bundled:names", side=64)


@pytest.mark.parametrize(
    ("architecture", "given", "words"),
    [
        ("LlamaForCausalLM", {"num_hidden_layers": 0}, "num_hidden_layers: 0, which no model has"),
        ("LlamaForCausalLM", {"num_hidden_layers": 10**9}, "num_hidden_layers: 1000000000, which no model has"),
        ("LlamaForCausalLM", {"num_hidden_layers": "4"}, "num_hidden_layers: 4, which no model has"),
        ("LlamaForCausalLM", {"num_attention_heads": 0}, "num_attention_heads: 0, which no model has"),
        ("LlamaForCausalLM", {"num_attention_heads": -4}, "num_attention_heads: -4, which no model has"),
        ("LlamaForCausalLM", {"hidden_size": 64.5}, "hidden_size: 64.5, which no model has"),
        ("LlamaForCausalLM", {"vocab_size": {}}, "vocab_size: {}, which no model has"),
        ("LlamaForCausalLM", {"intermediate_size": 0}, "intermediate_size: 0, which no model has"),
        ("LlamaForCausalLM", {"num_key_value_heads": 5}, "5 heads of keys and values for 32 heads"),
        ("GPT2LMHeadModel", {"n_layer": 0}, "n_layer: 0, which no model has"),
        (
            "CLIPVisionModelWithProjection",
            {"vision_config": {"num_hidden_layers": 0}},
            "vision_config.num_hidden_layers",
        ),
        ("vit_tiny_patch16_224", {"depth": 0}, "depth: 0, which no model has"),
    ],
)
def test_sizes_that_no_model_has_are_refused(architecture: str, given: dict, words: str, tmp_path: Path) -> None:
    of_timm = architecture.startswith("vit_")
    config = (
        {"architecture": architecture, "model_args": given} if of_timm else {"architectures": [architecture], **given}
    )
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError) as refused:
        sketch(str(tmp_path))
    assert words in refused.value.message


def test_whatever_the_libraries_make_of_a_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["GPT2LMHeadModel"], "n_head": 7}))
    with pytest.raises(ModelError, match="No model can be laid out"):
        sketch(str(tmp_path))
