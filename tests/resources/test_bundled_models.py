"""The bundled models as they are shipped: they load by the ordinary means, are small, and know what they should."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from core.inputs.generators import KINDS, prompts, shapes
from resources.models.training import measure, measure_captions
from resources.models.training.names_tokenizer import build

FOLDERS = [measure.MODELS / name for name in ("names", "shapes", "captions")]
SAMPLING = 0.04  # three standard deviations of a share near 0.95 in 300 draws
SMALLER_SEED = 41  # not the card's: the figures must not hang on one sample


@pytest.fixture(scope="module")
def names() -> tuple[Any, Any]:
    return measure.load_names()


@pytest.fixture(scope="module")
def shapes_model() -> Any:
    return measure.load_shapes()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_files_are_small_and_in_half_precision(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10_000_000
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        assert {weights.get_tensor(name).dtype for name in weights.keys()} == {torch.float16}  # noqa: SIM118


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_card_says_what_a_user_must_know(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    command = f"python -m resources.models.training.train_{folder.name}"
    for part in ("Architecture", "Data", "Seed", "Held-out accuracy", "Limits", "MIT", command):
        assert part in card
    importlib.import_module(f"resources.models.training.train_{folder.name}")


def card_figures(folder: Path) -> dict[str, float]:
    """The first figure of each row of the card's table."""
    rows = re.findall(r"^\| ([\w-]+) \| ([\d.]+) %", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name: float(value) / 100 for name, value in rows}


def test_names_answers_held_out_prompts_as_its_card_says(names: tuple[Any, Any]) -> None:
    figures = measure.names_accuracy(*names)  # the card's own prompts
    stated = card_figures(measure.MODELS / "names")
    assert set(figures) == set(KINDS) == set(stated)
    for kind, row in figures.items():
        assert row["all"] == pytest.approx(stated[kind], abs=0.002), (kind, row)  # other processors round otherwise
        assert row["all"] >= 0.949, (kind, row)
        assert row["combination"] >= 0.98, (kind, row)


def test_names_answers_other_held_out_prompts_as_well(names: tuple[Any, Any]) -> None:
    for kind, row in measure.names_accuracy(*names, count=300, seed=SMALLER_SEED).items():
        assert row["all"] >= 0.95 - SAMPLING, (kind, row)


def test_names_loads_in_single_precision(names: tuple[Any, Any]) -> None:
    model, _ = names
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    config = model.config
    assert (config.n_layer, config.n_head, config.n_embd) == (4, 8, 256)
    assert config.n_positions >= 64


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_align_and_answers_are_one_token(kind: str, names: tuple[Any, Any]) -> None:
    _, tokenizer = names
    for item in prompts(kind, 150, seed=SMALLER_SEED):
        clean = tokenizer(item.clean)["input_ids"]
        assert len(clean) == len(tokenizer(item.counterfactual)["input_ids"]) <= 64
        for answer in (*item.targets, *item.foils):
            assert len(tokenizer(answer)["input_ids"]) == 1, answer
            assert tokenizer(item.clean + answer)["input_ids"][:-1] == clean


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "When Mary and John went to the store, John gave a drink to",
            [
                "When",
                " Mary",
                " and",
                " John",
                " went",
                " to",
                " the",
                " store",
                ",",
                " John",
                " gave",
                " a",
                " drink",
                " to",
            ],
        ),
        ("The war lasted from 1732 to 17", ["The", " war", " lasted", " from", " 17", "32", " to", " 17"]),
        ("The keys to the cabinet", ["The", " keys", " to", " the", " cabinet"]),
        ("The capital of France is", ["The", " capital", " of", " France", " is"]),
    ],
)
def test_words_and_pairs_of_digits_are_tokens(text: str, pieces: list[str], names: tuple[Any, Any]) -> None:
    _, tokenizer = names
    assert [tokenizer.decode([token]) for token in tokenizer(text)["input_ids"]] == pieces


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumped over 13 lazy dogs!",
        " space at both ends ",
        "Two  spaces,\ttabs\nand lines.\n",
        "naïve façade, 東京, emoji 🙂, don't; x=3.14159",
        "",
    ],
)
def test_no_text_is_lost(text: str, names: tuple[Any, Any]) -> None:
    _, tokenizer = names
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_tokenizer_is_the_one_its_command_makes(names: tuple[Any, Any]) -> None:
    _, tokenizer = names
    assert build().get_vocab() == tokenizer.get_vocab()


def test_names_knows_the_example_of_the_literature(names: tuple[Any, Any]) -> None:
    model, tokenizer = names
    ids = torch.tensor([tokenizer("When Mary and John went to the store, John gave a drink to")["input_ids"]])
    with torch.no_grad():
        probabilities = model(ids).logits[0, -1].softmax(-1)
    assert probabilities[tokenizer(" Mary")["input_ids"][0]] > 0.8


def test_the_start_of_a_span_matters(names: tuple[Any, Any]) -> None:
    model, tokenizer = names
    sixty, twenty = (tokenizer(year)["input_ids"][0] for year in ("60", "20"))
    differences = []
    for start in ("1701", "1732"):
        with torch.no_grad():
            logits = model(torch.tensor([tokenizer(f"The war lasted from {start} to 17")["input_ids"]])).logits[0, -1]
        differences.append(float(logits[sixty] - logits[twenty]))
    assert differences[0] < -2, "after 1701 the year 20 is likelier"
    assert differences[1] > 2, "after 1732 only later years are"


def test_shapes_names_held_out_pictures(shapes_model: Any) -> None:
    figures = measure.shapes_accuracy(shapes_model, count=400, seed=SMALLER_SEED)
    assert figures["all"] == pytest.approx(card_figures(measure.MODELS / "shapes")["all"], abs=SAMPLING), figures
    assert figures["all"] >= 0.9, figures
    assert min(figures.values()) >= 0.85, figures


def test_shapes_is_the_vit_that_its_config_names(shapes_model: Any) -> None:
    config = json.loads((measure.MODELS / "shapes" / "config.json").read_text(encoding="utf-8"))
    assert config["label_names"] == list(shapes.LABELS)
    assert type(shapes_model).__name__ == "VisionTransformer"
    assert len(shapes_model.blocks) == 4
    assert shapes_model.blocks[0].attn.num_heads == 4
    assert shapes_model.embed_dim == 128
    assert shapes_model.patch_embed.grid_size == (8, 8)
    assert (
        shapes_model.pretrained_cfg["mean"] == (0.5, 0.5, 0.5) or list(shapes_model.pretrained_cfg["mean"]) == [0.5] * 3
    )
    assert {parameter.dtype for parameter in shapes_model.parameters()} == {torch.float32}


def test_captions_sees_reads_and_is_misled_as_its_card_says() -> None:
    model, tokenizer = measure_captions.load()
    found = measure_captions.attack(model, tokenizer, 300, seed=SMALLER_SEED)
    card = (measure.MODELS / "captions" / "README.md").read_text(encoding="utf-8")
    right, fooled, read = (
        float(re.search(rf"^\| {row}.*?([\d.]+) %", card, re.MULTILINE)[1]) / 100  # type: ignore[index]
        for row in ("shapes \\|", "letters of all sizes", "words \\|")
    )
    assert right >= 0.9
    assert found.right == pytest.approx(right, abs=SAMPLING)
    assert found.fooled == pytest.approx(fooled, abs=2.5 * SAMPLING)
    assert fooled > 0.6
    assert found.withstood + found.fooled <= 1
    assert measure_captions.read_words(model, tokenizer, 200, seed=SMALLER_SEED) == pytest.approx(read, abs=0.1)
