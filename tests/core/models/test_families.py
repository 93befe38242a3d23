"""Families: the sizes that adapters read off their models, and all that is refused, by name and with a reason."""

from __future__ import annotations

import dataclasses
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
from core.models.families import FAMILIES, SUPPORTED
from tests.core.engine.cases import TOLERANCE, case
from tests.oracle import Oracle
from tests.small_models import (
    ALL,
    CAUSAL,
    TEXT,
    VOCABULARY,
    keep_precision,
    language_model,
    longrope,
    randomise,
    small_input,
    small_model,
)
from tests.small_vision import CLASSES, IMAGE, IMAGES, PROJECTED, vision_model


@pytest.mark.parametrize("family", ALL)
def test_an_adapter_reads_its_models_sizes(family: str) -> None:
    setup = case(family)
    shape, graph = setup.model.adapter.shape, setup.model.graph
    seen = setup.oracle.layout
    assert (shape.layers, shape.heads, shape.kv_heads) == (len(seen.blocks), seen.heads, seen.kv_heads)
    assert (graph.layers, graph.heads, graph.kv_heads, graph.parallel) == (
        *(shape.layers, seen.heads, seen.kv_heads),
        seen.parallel,
    )
    assert shape.width == 16
    assert shape.head_width == setup.oracle.layout.blocks[0].projections[0][1][0][2].stop
    assert shape.causal == (family in CAUSAL)
    assert setup.model.is_text == (family in TEXT)
    output = setup.oracle.clean.output.shape[-1]
    expected = {VOCABULARY: "next token", CLASSES: "classes", 16: "embedding", PROJECTED: "embedding"}
    assert shape.output_kind == expected[output]
    assert setup.oracle.clean.outs.keys() == {node.name for node in graph.writers}


PREFIXES = {
    "timm-vit-registers": "CLS reg1 reg2 reg3 reg4",
    "timm-vit-no-class-token": "",
    "timm-vit-largest": "CLS reg1 reg2",
    "timm-vit-attention-pool": "",
    "timm-vit-attention-pool-no-head": "CLS reg1 reg2",
    "timm-vit-registers-alone": "reg1 reg2",
    "timm-deit-distilled": "CLS DIST",
    "timm-deit-distilled-no-head": "CLS DIST",
    "timm-eva02-separate": "CLS reg1 reg2",
    "timm-eva-no-biases-halves": "CLS reg1 reg2 reg3 reg4",
    "timm-eva-grouped": "",
    "deit": "CLS DIST",
    "deit-classifier": "CLS DIST",
    "deit-with-teacher": "CLS DIST",
    "ijepa": "",
    "ijepa-classifier": "",
    "dinov2-registers": "CLS reg1 reg2 reg3 reg4",
    "dinov2-registers-gated": "CLS reg1 reg2 reg3 reg4",
    "dinov2-registers-classifier": "CLS reg1 reg2",
    "dinov3": "CLS reg1 reg2 reg3 reg4",
    "siglip-vision": "",
    "siglip-classifier": "",
}


@pytest.mark.parametrize("family", IMAGES)
def test_an_images_positions_are_its_prefix_then_its_patches(family: str) -> None:
    pair = case(family).pair
    before = tuple(PREFIXES.get(family, "CLS").split())
    prefix = len(before)
    assert (pair.grid, pair.prefix) == ((3, 3), prefix)
    assert pair.length == prefix + 9
    assert pair.clean.labels[prefix:] == tuple(f"{row},{column}" for row in range(3) for column in range(3))
    assert pair.clean.labels[:prefix] == before


@pytest.mark.parametrize(
    ("family", "columns"),
    [(family, 5) for family in ("dinov2", "dinov2-registers", "dinov3", "beit", "beit-shared-and-absolute")]
    + [("timm-eva-grouped", 6)],  # this one fills the last patch up
)
def test_pictures_of_any_size(family: str, columns: int) -> None:
    module = small_model(family)
    model = ws.load_model((module, None))
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(1, 3, 16, 21, generator=generator, dtype=torch.float64) for _ in range(2))
    pair = model.pair(a, b)
    assert pair.grid == (4, columns)
    session = ws.Session(model, pair)
    edits = [ws.Edit("a0.h1->m1", "patch", positions=[17]), ws.Edit("m0", "mean")]
    assert (session.run(edits).answer - Oracle(module, a, b).run(edits)).abs().max() <= TOLERANCE
    other = ws.Session(model, model.pair(a[:, :, :12, :12]))
    assert other.parity.difference <= TOLERANCE
    assert (session.run(edits[:1]).answer - Oracle(module, a, b).run(edits[:1])).abs().max() <= TOLERANCE


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


ROTARY: dict[str, dict[str, Any]] = {
    "llama3": {"factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8},
    "linear": {"factor": 4.0},
    "yarn": {"factor": 2.0, "original_max_position_embeddings": 8},
}


@pytest.mark.parametrize("kind", ROTARY)
def test_rotary_embeddings_are_the_models_own(kind: str) -> None:
    plain = small_model("llama-grouped")
    config = transformers.LlamaConfig(**plain.config.to_dict())  # type: ignore[union-attr]
    config.rope_parameters = {"rope_type": kind, "rope_theta": 500.0, **ROTARY[kind]}
    module = transformers.LlamaForCausalLM(config).double().eval()
    module.load_state_dict(plain.state_dict())
    model = ws.load_model((module, None))
    ids = torch.arange(12)[None] % VOCABULARY
    # The library's norm computes in fp32, so this is equal to fp32's rounding; without the option it is not near.
    assert ws.Session(model, model.pair(ids)).parity.relative < 1e-6
    assert not torch.allclose(model.adapter.own_forward(ids), plain(ids).logits, rtol=0, atol=1e-2)


def test_longrope_turns_by_other_angles_beyond_the_length_that_a_model_was_trained_on() -> None:
    logits = {}
    for trained in (5, 8):
        module = language_model("Phi3", **longrope(trained))
        randomise(module)
        model = ws.load_model((keep_precision(module.double().eval()), None))
        for length in (5, 6, 5):  # there and back: nothing of one length stays for the other
            ids = torch.arange(length)[None]
            session = ws.Session(model, model.pair(ids, ids.flip(1)))
            assert session.parity.difference <= TOLERANCE
            logits[trained, length] = session.clean.logits
    assert torch.equal(logits[5, 5], logits[8, 5])
    assert not torch.allclose(logits[5, 6], logits[8, 6], rtol=0, atol=1e-2)


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
    names = [name for row in FAMILIES for name in (*row.name.split(", "), row.name.split()[0])]
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


def test_a_mixture_runs_and_is_traced_in_fp32_with_the_librarys_own_kernel() -> None:
    module = language_model("Mixtral", num_experts_per_tok=2, num_local_experts=4)
    randomise(module)
    model = ws.load_model((module.eval(), None))
    assert module.config._experts_implementation == "grouped_mm"  # type: ignore[union-attr]
    session = ws.Session(model, model.pair(torch.arange(6)[None], torch.arange(6)[None].flip(1)))
    assert session.parity.relative < 1e-5
    scores = ws.trace(session, "eap-ig")
    assert torch.isfinite(torch.from_numpy(scores.values)).all()
    curve = ws.faithfulness(session, scores)
    assert curve.recovered[-1] == pytest.approx(1, abs=1e-3)


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


def test_eva_with_its_biases_in_the_fused_projection_is_the_models_own() -> None:
    """The small models add them apart, so that the oracle's hooks see the projection; published ones do not."""
    module = small_model("timm-eva02")
    for block in module.blocks:  # type: ignore[union-attr]
        block.attn.qkv_bias_separate = False  # type: ignore[union-attr]
    model = ws.load_model((module, None))
    assert ws.Session(model, model.pair(small_input("timm-eva02", 0))).parity.difference <= TOLERANCE


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


def test_every_family_of_the_table_is_among_the_small_models() -> None:
    assert {type(case(family).module).__name__ for family in ALL} == {n for f in FAMILIES for n in f.classes}
    assert dataclasses.is_dataclass(ws.Model)


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


def test_llama4_sees_its_chunk_alone_turns_some_layers_and_sharpens_others() -> None:
    adapter = case("llama4").model.adapter
    config = adapter.module.config
    assert config.layer_types == ["chunked_attention", "full_attention", "chunked_attention"]
    assert config.no_rope_layers == [1, 0, 1]
    assert len(config.moe_layers) == 3
    session = case("llama4").session()
    chunked = ws.attention_pattern(session.run(positions="all"), 0, 1)
    apart = torch.arange(7)[:, None] // 3 != torch.arange(7)[None] // 3
    assert not chunked[apart.numpy()].any()
    assert ws.attention_pattern(session.run(positions="all"), 1, 1)[5, 0] > 0
