"""What a folder holds beside or in place of plain weights: each refusal names the cause and what to do."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

import wirescope as ws
from core.errors import ModelError
from core.models.bundled import bundled_folder
from core.models.zero_shot import NO_CLASSES
from tests.small_models import ALL, small_input, small_model

Weights = dict[str, Tensor]
LIMIT = 1e-5  # fp32


def saved(family: str, folder: Path) -> Path:
    """A folder of a small model, without its tokenizer."""
    small_model(family).float().save_pretrained(folder)  # type: ignore[operator]
    return folder


def change(folder: Path, weights: Callable[[Weights], Any] | None = None, **config: Any) -> None:
    """Change the file's weights in place, and keys of config.json."""
    file = folder / "model.safetensors"
    if weights is not None:
        stored = load_file(file)
        weights(stored)
        save_file(stored, file, metadata={"format": "pt"})
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**described, **config}))


def refusal(source: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ws.load_model(source)
    return caught.value


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return saved("llama", tmp_path / "llama")


# ---- weights of the file that the class does not take ----


@pytest.mark.parametrize("family", ALL)
def test_every_family_opens_from_a_folder_without_a_note_on_its_weights(family: str, tmp_path: Path) -> None:
    module = small_model(family).float()
    if not hasattr(module, "save_pretrained"):
        pytest.skip("of timm")
    module.save_pretrained(tmp_path)
    model = ws.load_model(tmp_path)
    assert not [note for note in model.notes if "tokenizer" not in note and note != NO_CLASSES]
    opened = model.adapter.module.state_dict()
    for name, weight in module.state_dict().items():
        if name != "class_vectors":  # made of texts
            assert torch.equal(opened[name], weight), name


def biases(weights: Weights) -> None:
    for name in [name for name in weights if name.endswith("_proj.weight")]:
        weights[name.replace("weight", "bias")] = torch.ones(len(weights[name]))


def deeper(weights: Weights) -> None:
    for name in [name for name in weights if ".layers.1." in name]:
        weights[name.replace(".1.", ".3.")] = weights[name].clone()


def scaled(weights: Weights) -> None:
    for name in [name for name in weights if name.endswith("_proj.weight")]:
        weights[name] = weights[name].to(torch.float8_e4m3fn)
        weights[f"{name}_scale_inv"] = torch.ones(1, 1)


def packed(weights: Weights) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    weights[name] = weights[name].to(torch.int8)


def half_adapted(weights: Weights) -> None:
    weights["model.layers.0.self_attn.q_proj.lora_A.weight"] = torch.ones(2, 16)


def unknown(weights: Weights) -> None:
    weights["model.layers.0.self_attn.q_norm.weight"] = torch.ones(4)


@pytest.mark.parametrize(
    ("weights", "named", "why"),
    [
        (biases, "model.layers.0.mlp.down_proj.bias", "biases, and config.json says that there are none"),
        (deeper, "model.layers.3.", "It has 4 layers, and config.json says 3"),
        (scaled, "weight_scale_inv", "quantised (F8_E4M3)"),
        (packed, "model.layers.0.mlp.up_proj.weight", "quantised: model.layers.0.mlp.up_proj.weight is stored as I8"),
        (half_adapted, "q_proj.lora_A.weight", "adapter that is not merged"),
        (unknown, "model.layers.0.self_attn.q_norm.weight", "another model"),
    ],
)
def test_weights_that_the_class_does_not_take_are_refused_by_name(
    llama: Path, weights: Callable[[Weights], Any], named: str, why: str
) -> None:
    change(llama, weights)
    error = refusal(llama)
    assert named in error.message
    assert why in error.message
    assert error.hint


def mask(weights: Weights, name: str) -> None:
    weights[f"{name}.bias"] = torch.ones(1, 1, 8, 8, dtype=torch.bool).tril()
    weights[f"{name}.masked_bias"] = torch.tensor(-1e9)


OLD = {
    "gpt2": lambda w: mask(w, "transformer.h.0.attn"),
    "gptj": lambda w: mask(w, "transformer.h.0.attn"),
    "gpt-neo": lambda w: mask(w, "transformer.h.0.attn.attention"),
    "gpt-neox": lambda w: (
        mask(w, "gpt_neox.layers.0.attention"),
        w.update({"gpt_neox.layers.0.attention.rotary_emb.inv_freq": torch.ones(1)}),
    ),
    "llama": lambda w: w.update({"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(2)}),
    "vit-classifier": lambda w: w.update({"vit.pooler.dense.weight": torch.ones(16, 16)}),
    "clip-vision": lambda w: w.update({"text_model.final_layer_norm.weight": torch.ones(3), "logit_scale": w_one()}),
}


def w_one() -> Tensor:
    return torch.tensor(1.0)


@pytest.mark.parametrize("family", OLD)
def test_what_no_output_reads_is_left_aside_in_silence(family: str, tmp_path: Path) -> None:
    change(saved(family, tmp_path), OLD[family])
    model = ws.load_model(tmp_path)
    assert not [note for note in model.notes if "tokenizer" not in note]


@pytest.mark.parametrize(("family", "head"), [("gpt2", "v_head.summary.weight"), ("vit", "classifier.weight")])
def test_a_head_that_the_class_does_not_have_is_told(family: str, head: str, tmp_path: Path) -> None:
    change(saved(family, tmp_path), lambda weights: weights.update({head: torch.ones(1, 16)}))
    assert head in ws.load_model(tmp_path).notes[0]


def test_a_mask_and_a_bias_of_one_name_are_told_apart(tmp_path: Path) -> None:
    change(saved("gpt-neo", tmp_path), lambda w: w.update({"transformer.h.0.attn.attention.bias": torch.ones(16)}))
    assert "transformer.h.0.attn.attention.bias" in refusal(tmp_path).message


def test_another_number_of_tokens_is_refused_with_both(llama: Path) -> None:
    change(llama, vocab_size=31)
    error = refusal(llama)
    assert "23 x 16 in the file, and config.json makes it 31 x 16" in error.message
    assert "vocab_size" in error.hint


def test_a_shard_that_is_not_there_is_named(tmp_path: Path) -> None:
    small_model("llama").save_pretrained(tmp_path, max_shard_size="6KB")  # type: ignore[operator]
    shard = sorted(tmp_path.glob("model-*.safetensors"))[1]
    assert ws.load_model(tmp_path).graph.layers == 3
    shard.unlink()
    assert shard.name in refusal(tmp_path).message


# ---- what is no plain safetensors ----


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes, 4 bits"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes, 8 bits"),
        ({"quant_method": "gptq", "bits": 4, "group_size": 8}, "gptq, 4 bits"),
        ({"quant_method": "awq", "bits": 4}, "awq, 4 bits"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8"),
        ({"quant_method": "exl3"}, "exl3"),
    ],
)
def test_quantised_folders_say_how_they_are_quantised(llama: Path, told: dict[str, Any], words: str) -> None:
    change(llama, quantization_config=told)
    error = refusal(llama)
    assert words in error.message
    assert "not quantised" in error.hint


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_pointer_of_git_is_told(llama: Path, name: str) -> None:
    (llama / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    error = refusal(llama)
    assert f"{name} in {llama} is a Git LFS pointer" in error.message
    assert "git lfs pull" in error.hint


@pytest.mark.parametrize("keep", [(), ("config.json",)])
@pytest.mark.parametrize(
    ("name", "words"),
    [("tiny-q4.gguf", "GGUF file"), ("model.onnx", "ONNX"), ("tf_model.h5", "TensorFlow"), ("model.pt", "pickle")],
)
def test_other_formats_are_named(llama: Path, keep: tuple[str, ...], name: str, words: str) -> None:
    for path in llama.iterdir():
        if path.name not in keep:
            path.unlink()
    (llama / name).write_bytes(b"GGUF")
    if keep or words == "GGUF file":
        assert words in refusal(llama).message
    else:
        assert "no config.json" in refusal(llama).message


def test_a_gguf_file_and_a_folder_around_a_model_are_told(llama: Path) -> None:
    (llama / "x.gguf").write_bytes(b"GGUF")
    assert "format of llama.cpp" in refusal(llama / "x.gguf").message
    assert f"Open {llama}" in refusal(llama.parent).hint


def test_flash_attention_in_the_config_is_overruled(llama: Path) -> None:
    expected = ws.load_model(llama)
    for key in ("_attn_implementation", "attn_implementation"):
        change(llama, **{key: "flash_attention_2"})
        model, ids = ws.load_model(llama), small_input("llama", 0)
        assert torch.equal(
            ws.Session(model, model.pair(ids)).run().answer, ws.Session(expected, expected.pair(ids)).run().answer
        )


# ---- timm ----


@pytest.fixture
def timm_folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_folder("shapes"), tmp_path / "shapes"))


def test_weights_that_timm_drops_are_refused_by_name(timm_folder: Path) -> None:
    ws.load_model(timm_folder)
    config = json.loads((timm_folder / "config.json").read_text())
    classes = config["num_classes"]
    change(timm_folder, num_classes=classes + 1)
    assert "head." in refusal(timm_folder).message
    change(timm_folder, num_classes=0)
    assert "head." in refusal(timm_folder).message
    pretrained = {**config["pretrained_cfg"], "num_classes": classes, "classifier": "head"}
    change(timm_folder, num_classes=classes + 1, pretrained_cfg=pretrained)  # timm then draws a new head
    assert "head." in refusal(timm_folder).message
    change(timm_folder, num_classes=classes, model_args={**config["model_args"], "depth": 1})
    assert "blocks.1." in refusal(timm_folder).message


# ---- adapters ----


def adapter(folder: Path, base: str, peft_type: str = "LORA") -> None:
    """An adapter of the queries, as peft saves it."""
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(1)
    weights = {}
    for layer in range(2):
        name = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        weights[f"{name}.lora_A.weight"] = torch.randn(2, 16, generator=generator)
        weights[f"{name}.lora_B.weight"] = torch.randn(16, 2, generator=generator)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    described = {"base_model_name_or_path": base, "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    described |= {"peft_type": peft_type, "task_type": "CAUSAL_LM"}
    (folder / "adapter_config.json").write_text(json.dumps(described))


@pytest.mark.parametrize("alone", [False, True])
def test_an_adapter_without_peft_is_refused_with_how_to_merge_it(
    llama: Path, tmp_path: Path, alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.lora.is_installed", lambda name: False)
    folder = tmp_path / "alone" if alone else llama
    adapter(folder, str(llama))
    error = refusal(folder)
    assert "adapter" in error.message
    assert "LORA" in error.message
    assert "pip install peft" in error.hint
    assert "merge_and_unload" in error.hint
    assert ("move adapter_config.json" in error.hint) == (not alone)


@pytest.mark.parametrize("alone", [False, True])
def test_an_adapter_is_merged_by_peft(llama: Path, tmp_path: Path, alone: bool) -> None:
    pytest.importorskip("peft")
    ids = small_input("llama", 0)
    base = ws.load_model(llama).adapter.module
    folder = tmp_path / "alone" if alone else llama
    adapter(folder, str(llama))
    stored = load_file(folder / "adapter_model.safetensors")
    with torch.no_grad():
        before = base(ids).logits[0, -1]
        for layer in range(2):
            name = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
            change = 2.0 * stored[f"{name}.lora_B.weight"] @ stored[f"{name}.lora_A.weight"]
            base.model.layers[layer].self_attn.q_proj.weight += change
        expected = base(ids).logits[0, -1]
    model = ws.load_model(folder)
    answer = ws.Session(model, model.pair(ids)).run().answer[0]
    assert (answer - expected).abs().max() < LIMIT
    assert (answer - before).abs().max() > 100 * LIMIT
    assert "merged" in model.notes[-1]


def test_an_adapter_of_another_model_is_refused(llama: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    adapter(tmp_path / "alone", str(llama))
    file = tmp_path / "alone" / "adapter_model.safetensors"
    weights = {name.replace("layers.1", "layers.7"): value for name, value in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})
    assert "layers.7" in refusal(tmp_path / "alone").message


@pytest.mark.parametrize(
    ("base", "words"), [("/nowhere/llama", "/nowhere/llama, which is not there"), ("", "does not say of which model")]
)
def test_an_adapter_whose_model_is_not_there_says_so(
    tmp_path: Path, base: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: sys)
    adapter(tmp_path / "alone", base)
    assert words in refusal(tmp_path / "alone").message


def test_an_adapter_of_another_library_is_refused(llama: Path) -> None:
    (llama / "adapter_config.json").write_text(json.dumps({"config": {"mh_adapter": False}}))
    assert "not peft's" in refusal(llama).message
    (llama / "adapter_config.json").unlink()
    (llama / "adapter_model.safetensors").write_bytes(b"")
    assert "without its adapter_config.json" in refusal(llama).message
