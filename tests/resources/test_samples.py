"""The built-in examples: every pair aligns, and the model really answers as the example says."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from PIL import Image

from core.inputs.generators import KINDS, captions, shapes
from resources.models.training import measure, measure_captions
from resources.samples import make

FIELDS = {"title", "behaviour", "clean", "counterfactual", "metric", "target", "foil"}
INDICES = ("names.json", "shapes.json", "captions.json", "dinov2-small.json")


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((make.FOLDER / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", INDICES)
def test_every_example_has_all_fields(name: str) -> None:
    index = load(name)
    assert index["kind"] in ("text", "image")
    titles = [example["title"] for example in index["examples"]]
    assert len(set(titles)) == len(titles)
    for example in index["examples"]:
        assert set(example) == FIELDS
        assert (example["target"] is None) == (example["metric"] == "cosine")


def test_the_prompts_show_every_behaviour() -> None:
    assert {example["behaviour"] for example in load("names.json")["examples"]} == set(KINDS)


def test_names_answers_its_examples() -> None:
    model, tokenizer = measure.load_names()
    for example in load("names.json")["examples"]:
        clean, counterfactual = (tokenizer(example[side])["input_ids"] for side in ("clean", "counterfactual"))
        assert len(clean) == len(counterfactual), example["title"]
        (target,), (foil,) = (tokenizer(example[side])["input_ids"] for side in ("target", "foil"))
        with torch.no_grad():
            logits = model(torch.tensor([clean, counterfactual])).logits[:, -1]
        difference = (logits[:, target] - logits[:, foil]).tolist()
        assert difference[0] > 2, example["title"]
        assert difference[0] > difference[1] + 2, example["title"]
        if example["behaviour"] != "years":  # many years are right
            assert int(logits[0].argmax()) == target, example["title"]


def test_shapes_answers_its_examples() -> None:
    import timm.data

    model = measure.load_shapes()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    examples = load("shapes.json")["examples"]
    assert [example["target"] for example in examples] == list(shapes.LABELS)
    for example in examples:
        for side, answer in (("clean", "target"), ("counterfactual", "foil")):
            with Image.open(make.FOLDER / example[side]) as picture, torch.no_grad():
                logits = model(transform(picture.convert("RGB"))[None])[0]
            assert shapes.LABELS[int(logits.argmax())] == example[answer], example["title"]


def test_the_pictures_are_the_ones_the_command_makes(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    make.make_texts()
    make.make_pictures()
    make.make_captions()
    make.make_photographs()
    original = measure.MODELS.parent / "samples"
    for name in INDICES:
        assert (tmp_path / name).read_text(encoding="utf-8") == (original / name).read_text(encoding="utf-8")
    for path in [*(tmp_path / "shapes").iterdir(), *(tmp_path / "captions").iterdir()]:
        with Image.open(path) as made, Image.open(original / path.parent.name / path.name) as kept:
            assert made.tobytes() == kept.tobytes(), path.name


def test_captions_reads_the_word_that_is_printed_on_its_examples() -> None:
    model, tokenizer = measure_captions.load()
    vectors = measure_captions.class_vectors(model, tokenizer, captions.SHAPES)
    for example in load("captions.json")["examples"]:
        opened = [Image.open(make.FOLDER / example[side]) for side in ("clean", "counterfactual")]
        said = measure_captions.named(model, vectors, opened)
        assert [captions.SHAPES[number] for number in said] == [example["target"], example["foil"]]


def test_photographs_are_small_and_say_where_they_come_from() -> None:
    sources = (make.FOLDER / "README.md").read_text(encoding="utf-8")
    for example in load("dinov2-small.json")["examples"]:
        for side in ("clean", "counterfactual"):
            with Image.open(make.FOLDER / example[side]) as picture:
                assert picture.format == "JPEG"
                assert max(picture.size) <= 512
            assert example[side] in sources
