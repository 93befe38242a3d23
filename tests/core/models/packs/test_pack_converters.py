"""A converted pack is the model that was published: the same numbers out of the same numbers in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoModelForCausalLM, AutoTokenizer

from core.errors import ModelError
from core.models import packs
from core.models.packs import gguf as pack_gguf
from core.models.packs import onnx as pack_onnx
from tests.core.models.packs import tiny_packs


def ignore(done: int, total: int) -> None:
    """A `step` that lets everything pass."""


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llama")
    tiny_packs.write_gguf(tiny_packs.tiny_llama(), folder / "tiny.gguf")
    (folder / "model").mkdir()
    pack_gguf.convert(folder / "tiny.gguf", folder / "model", ignore)
    return folder / "model"


def test_a_llama_from_gguf_computes_what_the_original_computes(llama: Path) -> None:
    original = tiny_packs.tiny_llama()
    model, report = AutoModelForCausalLM.from_pretrained(llama, dtype=torch.float32, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    ids = torch.arange(40)[None] % original.config.vocab_size
    with torch.no_grad():
        assert torch.equal(model(ids).logits, original(ids).logits)
    assert model.config.rms_norm_eps == 1e-5
    assert model.config.max_position_embeddings == 64


def test_its_tokenizer_adds_nothing_and_loses_nothing(llama: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(llama)
    assert tokenizer.convert_ids_to_tokens(tokenizer(" Mary").input_ids) == ["ĠMary"]
    for text in (" Mary had  12 lambs\n\n", "héllo 日本語", "<|im_start|>user", ""):
        ids = tokenizer(text).input_ids
        assert tokenizer.decode(ids) == text
        assert tokenizer.bos_token_id not in ids or text.startswith("<|im_start|>")
    assert tokenizer("<|im_start|>").input_ids == [tokenizer.bos_token_id] == [1]
    assert (tokenizer.eos_token, tokenizer.unk_token) == ("<|im_end|>", "<|endoftext|>")


def test_its_tokenizer_keeps_digits_apart_before_it_merges(llama: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(llama)
    # "1 2" and "Ġ Ġ" are merges, but digits are split off first: the spaces then stand alone and merge.
    assert tokenizer.convert_ids_to_tokens(tokenizer("  12").input_ids) == ["ĠĠ", "1", "2"]


def test_another_kind_of_gguf_file_is_refused(tmp_path: Path) -> None:
    tiny_packs.write_gguf(tiny_packs.tiny_llama(), tmp_path / "other.gguf", architecture="gemma")
    with pytest.raises(ModelError, match="not a Llama model"):
        pack_gguf.convert(tmp_path / "other.gguf", tmp_path, ignore)


def test_a_dinov2_from_onnx_computes_what_the_original_computes(tmp_path: Path) -> None:
    original = tiny_packs.tiny_dinov2()
    tiny_packs.write_onnx(original, tmp_path / "tiny.onnx")
    (tmp_path / "model").mkdir()
    steps: list[tuple[int, int]] = []
    pack_onnx.convert(tmp_path / "tiny.onnx", tmp_path / "model", lambda done, total: steps.append((done, total)))
    model, report = AutoModel.from_pretrained(tmp_path / "model", dtype=torch.float32, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    pixels = torch.randn(2, 3, 28, 28)
    with torch.no_grad():
        assert torch.equal(model(pixels).last_hidden_state, original(pixels).last_hidden_state)
    assert steps == [(i + 1, len(steps)) for i in range(len(steps))]
    processor = AutoImageProcessor.from_pretrained(tmp_path / "model")
    seen = processor(Image.new("RGB", (640, 480), (124, 116, 104)), return_tensors="pt").pixel_values
    assert seen.shape == (1, 3, 224, 224)
    assert seen.abs().max() < 0.02  # ImageNet's mean colour


@pytest.mark.parametrize(
    "name",
    [
        "encoder.layer.1.attention.attention.query.weight",
        "encoder.layer.0.mlp.fc1.weight",
        "embeddings.position_embeddings",
        "embeddings.patch_embeddings.projection.weight",
        "layernorm.weight",
        "embeddings.cls_token",
    ],
)
def test_a_missing_tensor_is_refused_and_not_made_up(name: str, tmp_path: Path) -> None:
    tiny_packs.write_onnx(tiny_packs.tiny_dinov2(), tmp_path / "tiny.onnx", leave_out=name)
    with pytest.raises(ModelError, match="missing"):
        pack_onnx.convert(tmp_path / "tiny.onnx", tmp_path, ignore)


def installed(name: str) -> Path:
    if not packs.is_installed(name):
        pytest.skip(f"needs the pack: wirescope models get {name}")
    return packs.pack_folder(name)


@pytest.mark.packs
def test_smollm2_knows_who_gets_the_drink() -> None:
    folder = installed("smollm2")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = tokenizer("When Mary and John went to the store, John gave a drink to", return_tensors="pt")
    assert inputs.input_ids.shape == (1, 14)  # the model's tokenizer adds no beginning-of-text token
    (mary,) = tokenizer(" Mary").input_ids
    with torch.no_grad():
        probabilities = model(**inputs).logits[0, -1].softmax(-1)
    assert probabilities.argmax() == mary
    assert probabilities[mary].item() == pytest.approx(0.9229, abs=5e-4)


@pytest.mark.packs
def test_dinov2_sees_the_same_thing_in_another_place_and_light() -> None:
    folder = installed("dinov2-small")
    model, report = AutoModel.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert model.embeddings.position_embeddings.shape == (1, 1 + 37 * 37, 384)
    processor = AutoImageProcessor.from_pretrained(folder)

    def draw(shape: str, place: int, light: int) -> Image.Image:
        rows, columns = np.mgrid[:256, :256] - 128 - place
        inside = rows**2 + columns**2 < 60**2 if shape == "disc" else (rows // 16 + columns // 16) % 2 == 0
        return Image.fromarray(np.where(inside[..., None], (light, light // 2, 0), 60).astype(np.uint8))

    pictures = [draw("disc", 0, 250), draw("disc", 25, 190), draw("checks", 0, 250)]
    with torch.no_grad():
        embedding = model(**processor(pictures, return_tensors="pt")).pooler_output
    alike, different = torch.cosine_similarity(embedding[:1], embedding[1:])
    assert alike > different + 0.2
