"""Opening models from folders, modules and names, and refusing what is none."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
import transformers
from PIL import Image
from timm.models.vision_transformer import VisionTransformer
from torch import nn

import wirescope as ws
from core.errors import ArgumentError, InputError, ModelError, WirescopeError
from tests.small_models import ALL, TEXT, randomise, save_pair, small_input, small_model, small_text_model

LIMIT = 1e-5  # fp32


def picture(seed: int = 0, size: int = 20) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def gpt2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small gpt2"
    module, tokenizer = small_text_model()
    module.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def broken(gpt2_folder: Path, tmp_path: Path) -> Path:
    """A copy of a model's folder, to be damaged."""
    return Path(shutil.copytree(gpt2_folder, tmp_path / "model"))


@pytest.mark.parametrize("family", ALL)
def test_a_module_in_memory(family: str) -> None:
    module = small_model(family)
    for model in (ws.load_model(module), ws.load_model((module, None)), ws.load_model(module, None)):
        assert model.adapter.module is module
        assert model.name == model.title == type(module).__name__
        assert model.is_text == (family in TEXT)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_of_hugging_face_with_its_tokenizer(gpt2_folder: Path, kind: type) -> None:
    model = ws.load_model(kind(gpt2_folder))
    assert (model.name, model.title) == (str(gpt2_folder.resolve()), "small gpt2")
    assert model.adapter.dtype == torch.float32, "half precision is for the disk"
    session = ws.Session(model, model.pair("When Mary gave a drink to", "When Tom gave a drink to"))
    assert session.parity.relative < LIMIT
    own = model.adapter.module(session.pair.clean.tensor).logits[0, -1]
    assert (session.clean.answer[0] - own).abs().max() < LIMIT
    assert session.clean.top(1)[0].label == model.tokenizer.decode([int(own.argmax())])
    assert session.run([ws.Edit("a0.h1->m1", "patch")]).metric.shape == (1,)


FOLDERS = ("vit", "vit-classifier", "dinov2", "dinov2-classifier", "deit-with-teacher", "dinov2-registers", "dinov3")
OTHERS = ("beit", "beit-classifier", "clip-vision", "clip-vision-projection", "clip-classifier", "siglip-vision")


@pytest.mark.parametrize("family", [*FOLDERS, *OTHERS, "siglip-classifier"])
def test_a_folder_of_hugging_face_with_its_image_processor(family: str, tmp_path: Path) -> None:
    module = small_model(family).float()
    if family == "vit-classifier":
        module.config.id2label = {number: f"kind {number}" for number in range(7)}  # type: ignore[union-attr]
    module.save_pretrained(tmp_path)  # type: ignore[operator]
    processor = transformers.ViTImageProcessor(size={"height": 12, "width": 12})
    processor.save_pretrained(tmp_path)
    model = ws.load_model(tmp_path)
    pair = model.pair(picture(0), picture(1))
    expected = processor(images=picture(0), return_tensors="pt")["pixel_values"]
    assert (pair.clean.tensor - expected).abs().max() < 1e-6
    assert pair.clean.view is not None
    assert pair.clean.view.shape == (12, 12, 3)
    session = ws.Session(model, pair)
    assert session.parity.relative < LIMIT
    if family == "vit-classifier":
        assert model.class_names == tuple(f"kind {number}" for number in range(7))
        assert session.clean.top(1)[0].label == f"kind {int(session.clean.answer.argmax())}"
        assert model.answer(" Kind 3") == 3
        with pytest.raises(InputError, match="kind 0, kind 1"):
            model.answer("cat")


@pytest.mark.parametrize("name", ["CLIP", "Siglip"])
def test_a_tower_of_a_pair_opens_alone(name: str, tmp_path: Path) -> None:
    pair: Any = save_pair(name, tmp_path)
    vision, text = (ws.load_model(f"{tower}:{tmp_path}") for tower in ("vision", "text"))
    assert (vision.name, text.name) == (f"vision:{tmp_path.resolve()}", f"text:{tmp_path.resolve()}")
    assert (vision.is_text, text.is_text) == (False, True)
    with torch.no_grad():
        session = ws.Session(vision, vision.pair(picture(0), picture(1)))
        own = pair.get_image_features(session.pair.clean.tensor).pooler_output
        assert (session.clean.answer - own).abs().max() < LIMIT
        session = ws.Session(text, text.pair("When Mary gave", "When John gave"))
        own = pair.get_text_features(session.pair.clean.tensor).pooler_output
        assert (session.clean.answer - own).abs().max() < LIMIT
    assert session.metric.name == "cosine to A − cosine to B"
    assert float(session.clean.metric) > 0.01
    assert session.run([ws.Edit("m0", "patch")]).metric.item() < float(session.clean.metric)
    scores = ws.trace(session, "eap-ig")
    assert ws.faithfulness(session, scores).recovered[-1] == pytest.approx(1, abs=1e-3)
    near = ws.Session(text, session.pair, ws.cosine("When John gave"))
    assert near.run([ws.Edit(node, "patch") for node in near.graph.writers]).metric.item() == pytest.approx(1)


def test_a_tower_of_a_model_that_is_no_pair_is_refused(gpt2_folder: Path) -> None:
    assert "no pair of towers" in refusal(f"text:{gpt2_folder}").message


def test_an_image_model_without_its_processor_takes_pixels(tmp_path: Path) -> None:
    small_model("dinov2").float().save_pretrained(tmp_path)  # type: ignore[operator]
    model = ws.load_model(tmp_path)
    assert ws.Session(model, model.pair(small_input("dinov2", 0))).parity.relative < LIMIT
    with pytest.raises(InputError, match="no image processor"):
        model.pair(picture())


def test_a_folder_of_timm(tmp_path: Path) -> None:
    sizes = {"img_size": 16, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 4, "num_classes": 3}
    module = VisionTransformer(**sizes)
    randomise(module)
    safetensors.torch.save_file(module.state_dict(), tmp_path / "model.safetensors")
    config = {
        "architecture": "vit_tiny_patch16_224",
        "num_classes": 3,
        "num_features": 16,
        "model_args": {k: v for k, v in sizes.items() if k != "num_classes"},
        "label_names": ["ring", "star", "heart"],
        "pretrained_cfg": {
            "input_size": [3, 16, 16],
            "num_classes": 3,
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "crop_pct": 1.0,
            "interpolation": "bicubic",
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = ws.load_model(tmp_path)
    assert model.class_names == ("ring", "star", "heart")
    session = ws.Session(model, model.pair(picture(0, 16), picture(1, 16)), ws.logit_difference("star", "ring"))
    pixels = torch.tensor(np.asarray(picture(0, 16))).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        own = module.eval()(pixels)
    assert (session.clean.answer - own).abs().max() < 1e-4
    assert session.clean.metric.item() == pytest.approx(float(own[0, 1] - own[0, 0]), abs=1e-4)


def test_a_module_with_its_processor() -> None:
    module, tokenizer = small_text_model()
    for model in (ws.load_model((module, tokenizer)), ws.load_model(module, tokenizer)):
        assert model.pair("When Mary gave").length == 3
    processor = transformers.ViTImageProcessor(size={"height": 12, "width": 12})
    model = ws.load_model((small_model("dinov2"), processor))
    session = ws.Session(model, model.pair([picture(0), picture(1)], [picture(2), picture(3)]))
    assert session.clean.metric.shape == (2,)
    assert session.parity.difference < 1e-9


# ---- what is refused ----


def refusal(source: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ws.load_model(source)
    return caught.value


def test_a_pickle_checkpoint_is_refused_and_never_opened(broken: Path) -> None:
    (broken / "model.safetensors").unlink()
    opened = broken / "opened"

    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (opened,))

    torch.save({"weight": Trap()}, broken / "pytorch_model.bin")
    error = refusal(broken)
    assert "pytorch_model.bin is a pickle" in error.message
    assert "any code" in error.message
    assert "safetensors" in error.hint
    assert not opened.exists()


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("sun")
    assert "no config.json" in refusal(tmp_path).message


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert "a model is a folder" in refusal(tmp_path / "model.safetensors").message


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"a": 1}', "\x00\xff", '{"architectures": []}', '{"architectures": null}']
)
def test_a_config_that_says_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "model.safetensors").write_bytes(b"")
    refusal(tmp_path)


def test_a_folder_without_weights_is_refused(broken: Path) -> None:
    (broken / "model.safetensors").unlink()
    assert "no weights" in refusal(broken).message


@pytest.mark.parametrize("kept", [0, 7, 2000])
def test_a_truncated_checkpoint_is_refused(broken: Path, kept: int) -> None:
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    assert "cannot be loaded" in refusal(broken).message


def test_a_checkpoint_of_another_shape_is_refused(broken: Path) -> None:
    config = json.loads((broken / "config.json").read_text())
    for change in ({"n_embd": 32}, {"n_head": 3}, {"n_embd": "wide"}, {"n_layer": None}):
        (broken / "config.json").write_text(json.dumps({**config, **change}))
        refusal(broken)


def test_a_checkpoint_that_lacks_weights_is_refused(broken: Path) -> None:
    weights = safetensors.torch.load_file(broken / "model.safetensors")
    name = next(name for name in weights if name.endswith("h.1.mlp.c_fc.weight"))
    del weights[name]
    safetensors.torch.save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    assert "h.1.mlp.c_fc.weight" in str(refusal(broken))


def test_weights_that_no_output_reads_may_be_missing(tmp_path: Path) -> None:
    small_model("vit-no-pooler").float().save_pretrained(tmp_path)  # type: ignore[operator]
    model = ws.load_model(tmp_path)
    assert ws.Session(model, model.pair(small_input("vit", 0))).parity.relative < LIMIT


@pytest.mark.parametrize("family", ["gpt2", "llama", "qwen2"])
def test_a_folder_without_a_tokenizer_takes_token_ids_as_its_module_does(family: str, tmp_path: Path) -> None:
    module = small_model(family).float()
    module.save_pretrained(tmp_path)  # type: ignore[operator]
    model, ids = ws.load_model(tmp_path), small_input(family, 0)
    assert model.tokenizer is None
    assert "takes token ids" in model.notes[0]
    result = ws.Session(model, model.pair(ids)).run()
    same = ws.load_model((module, None))
    assert (result.answer - ws.Session(same, same.pair(ids)).run().answer).abs().max() < LIMIT
    with pytest.raises(InputError, match="tokenizer"):
        model.pair("When Mary gave")


def test_a_broken_tokenizer_is_refused(broken: Path) -> None:
    (broken / "tokenizer.json").write_text("{broken")
    refusal(broken)


UNSUPPORTED = {
    "BertForMaskedLM": "norms the sum",
    "T5ForConditionalGeneration": "encoder and a decoder",
    "SwinForImageClassification": "windows",
    "MambaForCausalLM": "not supported",
}


@pytest.mark.parametrize("architecture", UNSUPPORTED)
def test_other_families_are_refused_from_their_config_alone(tmp_path: Path, architecture: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    error = refusal(tmp_path)
    assert error.message.startswith(f"{architecture} is not supported")
    assert UNSUPPORTED[architecture] in error.message
    assert "GPT-2" in error.hint


def test_other_models_of_timm_are_refused(tmp_path: Path) -> None:
    module = timm.create_model("resnet10t", pretrained=False, num_classes=2)
    safetensors.torch.save_file(module.state_dict(), tmp_path / "model.safetensors")
    config = {"architecture": "resnet10t", "num_classes": 2, "pretrained_cfg": {"num_classes": 2}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert "ResNet is not supported" in refusal(tmp_path).message


def test_code_that_comes_with_a_model_is_never_run(broken: Path) -> None:
    ran = broken / "ran"
    (broken / "evil.py").write_text(f"import pathlib\npathlib.Path({str(ran)!r}).touch()\nclass Evil: ...\n")
    config = json.loads((broken / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}
    config["model_type"] = "evil"
    (broken / "config.json").write_text(json.dumps(config))
    with contextlib.suppress(ModelError):
        ws.load_model(broken)
    assert not ran.exists()


@pytest.mark.parametrize("name", ["gpt2", "openai-community/gpt2"])
def test_a_name_of_the_hub_without_network_is_refused_with_what_is_here(name: str) -> None:
    error = refusal(name)
    assert name in error.message
    assert "network" in error.hint
    assert "bundled:names" in error.hint


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere", "a/b/c", "C:\\models\\x", "", "  "])
def test_a_path_that_does_not_exist_is_refused(name: str) -> None:
    refusal(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("timm:vit_smol_patch16", "vit_smol_patch16"),
        ("timm:", "no model"),
        ("bundled:nobody", "bundled"),
        ("pack:nobody", "smollm2"),
    ],
)
def test_unknown_names_are_refused_with_those_there_are(name: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        ws.load_model(name)


def test_an_unknown_name_of_timm_gets_near_ones() -> None:
    with pytest.raises(ArgumentError, match=r"Near it: .*vit_tiny_patch"):
        ws.load_model("timm:vit_tiny_patch99")


def test_weights_of_timm_without_network_are_refused() -> None:
    assert "network" in refusal("timm:vit_tiny_patch16_224").hint


def test_a_pack_that_is_not_installed_says_how_to_get_it() -> None:
    assert "wirescope models get smollm2" in refusal("pack:smollm2").hint


@pytest.mark.parametrize("source", [None, 3, ["a"], {}])
def test_what_names_no_model_is_refused(source: Any) -> None:
    with pytest.raises(WirescopeError):
        ws.load_model(source)


def test_a_module_of_another_family_is_refused() -> None:
    assert "Sequential" in refusal(nn.Sequential()).message


def test_a_module_in_training_mode_is_refused_and_left_as_it_is() -> None:
    module = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=10))
    assert module.train().training
    with pytest.raises(ModelError, match="training mode"):
        ws.load_model((module, None))
    assert module.training, "the user's module is not changed"
