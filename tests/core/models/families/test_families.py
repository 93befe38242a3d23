"""Families: what opens, and the sizes that adapters read off their models."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
import transformers

import wirescope as ws
from core.models.family import FAMILIES
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
from tests.small_vision import CLASSES, IMAGES, PROJECTED


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
    "siglip-zero-shot": "",
    "dinov2-registers-probe": "CLS reg1 reg2 reg3 reg4",
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


def test_eva_with_its_biases_in_the_fused_projection_is_the_models_own() -> None:
    """The small models add them apart, so that the oracle's hooks see the projection; published ones do not."""
    module = small_model("timm-eva02")
    for block in module.blocks:  # type: ignore[union-attr]
        block.attn.qkv_bias_separate = False  # type: ignore[union-attr]
    model = ws.load_model((module, None))
    assert ws.Session(model, model.pair(small_input("timm-eva02", 0))).parity.difference <= TOLERANCE


def test_every_family_of_the_table_is_among_the_small_models() -> None:
    assert {type(case(family).module).__name__ for family in ALL} == {n for f in FAMILIES.values() for n in f.classes}
    assert dataclasses.is_dataclass(ws.Model)


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
