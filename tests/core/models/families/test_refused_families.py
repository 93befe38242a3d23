"""Families: all that is refused, by name and with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
import timm
import torch
import transformers
from torch import Tensor, nn

import wirescope as ws
from core.errors import InputError, ModelError
from core.models.adapter import Adapter
from core.models.family import FAMILIES
from core.models.refused import SUPPORTED
from tests.core.engine.cases import case
from tests.small_models import (
    language_model,
    small_input,
    small_model,
)
from tests.small_vision import IMAGE, vision_model

OTHERS = ("deit", "dinov2-registers", "dinov3", "beit", "clip-vision", "siglip-vision", "timm-eva")


@pytest.mark.parametrize(
    ("family", "size"),
    [(family, size) for family in ("dinov2", "vit", "timm-vit", *OTHERS) for size in ((3, 2, 2), (1, IMAGE, IMAGE))]
    + [(family, (3, IMAGE + 8, IMAGE)) for family in ("vit", "deit", "clip-vision", "siglip-vision")]
    + [(family, (3, IMAGE, IMAGE + 8)) for family in ("timm-vit", "timm-eva", "timm-deit-distilled")],
    ids=str,
)
def test_pictures_that_a_model_cannot_take_are_refused(family: str, size: tuple[int, ...]) -> None:
    model = case(family).model
    pair = model.pair(torch.zeros(1, *size))
    with pytest.raises(InputError, match=r"picture"):
        ws.Session(model, pair)


def test_pictures_of_two_sizes_and_what_is_no_picture_are_refused() -> None:
    model = case("dinov2").model
    with pytest.raises(InputError, match="16 x 12"):
        model.pair(torch.zeros(1, 3, 12, 12), torch.zeros(1, 3, 12, 16))
    for wrong in (torch.zeros(3, 12, 12), torch.zeros(1, 3, 12, 12, dtype=torch.long)):
        with pytest.raises(InputError, match="Pixels"):
            model.pair(wrong)
    with pytest.raises(InputError, match="no image processor"):
        model.pair("cat.png")


def small(name: str, **options: Any) -> Any:
    sizes = {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
        "vocab_size": 9,
    }
    return getattr(transformers, name)(**{**sizes, **options})


REFUSED: dict[str, tuple[Any, str, str]] = {
    "BERT": (lambda: transformers.BertModel(small("BertConfig")), "BertModel", "norms the sum"),
    "RoBERTa": (lambda: transformers.RobertaModel(small("RobertaConfig")), "RobertaModel", "norms the sum"),
    "T5": (
        lambda: transformers.T5ForConditionalGeneration(
            transformers.T5Config(d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, vocab_size=9)
        ),
        "T5ForConditionalGeneration",
        "encoder and a decoder",
    ),
    "Swin of Hugging Face": (
        lambda: transformers.SwinModel(
            transformers.SwinConfig(image_size=16, patch_size=2, embed_dim=8, depths=[1], num_heads=[2], window_size=2)
        ),
        "SwinModel",
        "windows",
    ),
    "Swin of timm": (
        lambda: timm.create_model(
            "swin_tiny_patch4_window7_224", img_size=32, embed_dim=8, depths=(1,), num_heads=(2,), window_size=2
        ),
        "SwinTransformer",
        "windows",
    ),
    "GPT-2 without its head": (
        lambda: transformers.GPT2Model(transformers.GPT2Config(vocab_size=9, n_embd=8, n_layer=1, n_head=2)),
        "GPT2Model",
        "output head",
    ),
    "a module of one's own": (lambda: nn.Linear(2, 2), "Linear", "GPT-2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_families_are_refused_by_name_with_what_is_supported(name: str) -> None:
    make, class_name, reason = REFUSED[name]
    with pytest.raises(ModelError) as caught:
        ws.load_model((make(), None))
    assert class_name in caught.value.message
    assert reason in str(caught.value)
    assert SUPPORTED in str(caught.value)
    assert len(str(caught.value)) < 450, "the reason is not lost in a long list"


def test_the_refusal_names_families_that_open() -> None:
    assert "`wirescope families` lists those that open" in SUPPORTED
    names = [name for row in FAMILIES.values() for name in (*row.name.split(", "), row.name.split()[0])]
    for name in ("GPT-2", "Pythia", "Llama", "Mistral", "Qwen3", "Gemma", "OLMo 2", "Phi", "ViT", "DINOv2", "SigLIP"):
        assert name in SUPPORTED
        assert name in names


TIMM_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no pooling": ({"global_pool": ""}, "does not pool"),
    "differential attention": ({"attn_layer": "diff"}, "attention is DiffAttention"),
    "norms after": ({"block_fn": timm.models.vision_transformer.ResPostBlock}, "blocks are ResPostBlock"),
    "parallel blocks": ({"block_fn": timm.models.vision_transformer.ParallelScalingBlock}, "ParallelScalingBlock"),
}


@pytest.mark.parametrize("name", TIMM_OPTIONS)
def test_options_of_timm_that_the_engine_does_not_state_are_refused(name: str) -> None:
    options, reason = TIMM_OPTIONS[name]
    sizes = {"img_size": 12, "patch_size": 4, "embed_dim": 16, "depth": 1, "num_heads": 4, "num_classes": 3}
    module = timm.models.vision_transformer.VisionTransformer(**{**sizes, **options})
    with pytest.raises(ModelError, match=reason):
        ws.load_model((module, None))


LANGUAGE_OPTIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "Gemma in both directions": ("Gemma", {"use_bidirectional_attention": True}, "both directions"),
    "Gemma 2 in both directions": ("Gemma2", {"use_bidirectional_attention": True}, "both directions"),
    "Gemma 3 in both directions": ("Gemma3", {"use_bidirectional_attention": True}, "both directions"),
    "Gemma 2 with biases": ("Gemma2", {"attention_bias": True}, "biases before a norm"),
    "Gemma 3 with biases": ("Gemma3", {"attention_bias": True}, "biases before a norm"),
    "OLMo 2 with biases": ("Olmo2", {"attention_bias": True}, "biases before a norm"),
    "OLMo 3 with biases": ("Olmo3", {"attention_bias": True}, "biases before a norm"),
    "OPT with norms after its blocks": ("OPT", {"do_layer_norm_before": False}, "norms the sum.*no sum"),
    "chunks": ("Qwen2", {"layer_types": ["chunked_attention"] * 3}, "chunked attention"),
}


@pytest.mark.parametrize("name", LANGUAGE_OPTIONS)
def test_options_of_language_models_that_the_engine_does_not_state_are_refused(name: str) -> None:
    family, options, reason = LANGUAGE_OPTIONS[name]
    with pytest.raises(ModelError, match=reason):
        ws.load_model((language_model(family, **options).eval(), None))


@pytest.mark.parametrize("family", ["timm-vit", "timm-eva"])
def test_gated_heads_of_timm_are_refused(family: str) -> None:
    module = small_model(family)
    module.blocks[1].attn.gate = nn.Linear(16, 16)  # type: ignore[union-attr, index]
    with pytest.raises(ModelError, match="gates what the heads write"):
        ws.load_model((module, None))


EVA_OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "norms after": ({"use_post_norm": True}, "blocks are EvaBlockPostNorm"),
    "no pooling": ({"global_pool": ""}, "does not pool"),
    "other groups by layer": (
        {"attn_type": "rope", "qkv_fused": False, "num_kv_heads": (2, 4)}, "different numbers of K/V heads"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVA_OPTIONS)
def test_options_of_eva_that_the_engine_does_not_state_are_refused(name: str) -> None:
    options, reason = EVA_OPTIONS[name]
    sizes = {"img_size": 12, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4, "num_classes": 3}
    with pytest.raises(ModelError, match=reason):
        ws.load_model((timm.models.eva.Eva(**{**sizes, **options}), None))


def test_siglip_without_a_pooling_head_is_refused() -> None:
    with pytest.raises(ModelError, match="does not pool its patches"):
        ws.load_model((vision_model("SiglipVisionModel", vision_use_head=False), None))


def test_siglip_2_vision_is_refused_with_the_reason() -> None:
    module = transformers.Siglip2VisionModel(small("Siglip2VisionConfig", patch_size=4, num_patches=9))
    with pytest.raises(ModelError, match=r"Siglip2VisionModel.*rows of patches"):
        ws.load_model((module, None))


def test_prompts_of_clip_that_end_at_other_positions_are_refused() -> None:
    model = case("clip-text").model
    ids = small_input("clip-text", 1)
    other = ids.clone()
    other[0, 1:3] = other[0, [2, 1]]
    with pytest.raises(InputError, match="position 2 of A and 1 of B"):
        ws.Session(model, model.pair(ids, other))


def test_a_missing_part_is_named() -> None:
    module = small_model("gpt2")
    del module.transformer.ln_f  # type: ignore[union-attr]
    with pytest.raises(ModelError, match=re.escape("'transformer.ln_f'")):
        ws.load_model((module, None))
    module = small_model("llama")
    del module.model.layers[1].self_attn.o_proj  # type: ignore[union-attr, index]
    model = ws.load_model((module, None))
    pair = model.pair(small_input("llama", 0))
    with pytest.raises(ModelError, match="o_proj"):
        ws.Session(model, pair)


@pytest.mark.parametrize("family", ["gpt2", "dinov2"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_model_whose_numbers_break_after_it_was_loaded_is_refused(family: str, number: float) -> None:
    module = small_model(family)
    model = ws.load_model((module, None))
    with torch.no_grad():
        next(p for name, p in module.named_parameters() if "1" in name and name.endswith("bias"))[0] = number
    with pytest.raises(ModelError, match="could not be trusted"):
        ws.Session(model, model.pair(small_input(family, 0)))


@pytest.mark.parametrize("family", ["gpt2", "timm-vit", "dinov2"])
@pytest.mark.parametrize(("share", "refused"), [(2e-4, True), (2e-5, False)])
def test_a_pass_that_differs_from_the_models_own_is_refused(
    family: str, share: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit: a ten-thousandth of the range of the outputs."""
    model = case(family).model
    own = type(model.adapter).own_forward

    def damaged(self: Adapter, inputs: Tensor) -> Tensor:
        output = own(self, inputs).clone()
        spread = output[:, -1].max() - output[:, -1].min() if output.ndim == 3 else output.max() - output.min()
        middle = output[0].flatten().argsort()[len(output[0].flatten()) // 2] if output.ndim == 2 else 0
        place = (0, -1, output[0, -1].argsort()[11]) if output.ndim == 3 else (0, middle)
        output[place] += share * spread
        return output

    monkeypatch.setattr(type(model.adapter), "own_forward", damaged)
    pair = case(family).pair
    if refused:
        with pytest.raises(ModelError, match=r"differs from the model's own.*could not be trusted"):
            ws.Session(model, pair)
    else:
        assert ws.Session(model, pair).parity.relative == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MambaForCausalLM", "no heads and no attention pattern"),
        ("Mamba2ForCausalLM", "no heads and no attention pattern"),
        ("Gemma3nForConditionalGeneration", "keeps four streams"),
        ("Gemma3nForCausalLM", "keeps four streams"),
        ("Qwen3NextForCausalLM", "linear attention"),
        ("Qwen3_5ForCausalLM", "linear attention"),
        ("ModernBertForMaskedLM", "fill in masked tokens"),
        ("EsmForMaskedLM", "fill in masked tokens"),
        ("WhisperForConditionalGeneration", "reads sound"),
        ("Llama4ForConditionalGeneration", "its language model alone opens"),
    ],
)
def test_models_that_cannot_be_decomposed_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(ModelError, match=f"{name} is not supported: .*{reason}"):
        ws.load_model((type(name, (nn.Linear,), {})(2, 2), None))
