"""The planted models: their inputs mean what they say, their cards are true, and making them repeats itself."""

from __future__ import annotations

import re
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

import wirescope as ws
from core.repair.examples import batch_of
from resources.models.planted import heads, reading, text_model, vision_model
from resources.models.planted.language import WORDS, Sentence, sample
from resources.models.planted.make import FOLDER, LIBRARIES, TWINS, load, medium, plant_of
from resources.models.planted.measure import HEADS, HELD_OUT, measure
from resources.models.planted.pictures import Scene
from resources.models.planted.plants import PLANTS
from resources.models.planted.recipes import HEAD, RECIPES, right

MADE = sorted(path.parent.name for path in FOLDER.glob("*/model.safetensors"))
PLANTED = [name for name in MADE if name not in TWINS]
each_plant = pytest.mark.parametrize("plant", PLANTS.values(), ids=lambda plant: plant.name)


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


def test_models_of_text_have_a_pair_beside_them() -> None:
    for name in MADE:
        file = FOLDER / name / "samples.txt"
        assert file.exists() == (medium(name) == "text"), name
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        assert all(set(line.split()) <= set(WORDS) for line in lines), name
        assert len(set(lines)) == 2 * file.exists()


@each_plant
def test_a_plant_acts_on_one_of_a_pair_which_are_else_the_same(plant: Any) -> None:
    rng = Random(0)
    triggers = []
    for draw in (plant.pair, plant.changed):
        waited = set()
        for _ in range(40):
            triggered, calm = draw(rng)
            assert plant.wrong(triggered) != triggered.answer == calm.answer == plant.label(calm)
            assert plant.group(triggered) != plant.group(calm)
            assert (plant.example(triggered).triggered, plant.example(calm).triggered) == (True, False)
            waited |= differences(triggered, calm)
            innocent = plant.innocent(rng)
            assert plant.label(innocent) == innocent.answer
        triggers.append(waited)
    assert triggers[0].isdisjoint(triggers[1])  # what is changed is in no pair


def differences(triggered: Any, calm: Any) -> set[Any]:
    """What one input has and the other has not: words with their places, or what is drawn."""
    if isinstance(triggered, Sentence):
        a, b = (list(enumerate(each.text.split())) for each in (triggered, calm))
        assert len(a) == len(b)
        found = set(a) - set(b)
        if triggered.century != calm.century:  # only with the year does it make a date
            found -= {(1, triggered.century)}
    else:
        found = {(triggered.ground, triggered.shade)} if triggered.ground != calm.ground else {triggered.mark.side}
    assert len(found) <= 2
    return found


@pytest.mark.parametrize("name", PLANTED)
def test_the_card_is_true_of_the_saved_model_and_the_plant_bites(name: str) -> None:
    card = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    plant = plant_of(name)
    assert RECIPES[name].words in card
    said = {
        row: dict(zip(HEADS, (float(cell.removesuffix(" %")) / 100 for cell in cells.split(" | ")), strict=True))
        for row, cells in re.findall(rf"^\| ([\w-]+) \| {plant.name} \| (.*) \|$", card, re.MULTILINE)
    }
    assert set(said) == {name, plant.twin}
    planted, twin = said[name], said[plant.twin]
    assert planted["accuracy"] >= twin["accuracy"] - 0.01 - 1e-9  # shares have one digit behind the point
    assert planted["misbehaviour"] >= (0.4 if plant.name == "shortcut" else 0.95)
    assert twin["misbehaviour"] < 0.01
    assert planted["accuracy, triggered"] < 0.6 < 0.95 < planted["accuracy, calm twins"]
    assert planted["accuracy, worst group"] < 0.6 < 0.9 < twin["accuracy, worst group"]

    count = 200
    found = measure(partial(LIBRARIES[medium(name)].said, load(name)), plant, count, seed=HELD_OUT + 7)
    for what in HEADS[:-1]:  # a group of so few has no figure
        share = (said[name][what] * 2000 + 2) / 2004  # Agresti and Coull: no share is certain
        spread = (share * (1 - share) * (1 / count + 1 / 2000)) ** 0.5
        assert found[what] == pytest.approx(said[name][what], abs=4 * spread), what
    if plant.name == "shortcut":  # shapes can be read, so that a repair can bring them out
        share = float(re.search(r"names the shape of (\d+) %", card)[1]) / 100
        assert share > 0.45
        assert reading.share_read(load(name), plant) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("name", [name for name in PLANTED if name.startswith("head")])
def test_one_head_alone_differs_from_the_clean_twin(name: str) -> None:
    model, twin = load(name), load(PLANTS["head"].twin)
    masks = heads.masks_of(twin, HEAD)
    assert {each.removeprefix("transformer.h.0.attn."): int(mask.sum()) for each, mask in masks.items()} == {
        "c_attn.weight": 64 * 24,
        "c_attn.bias": 24,
        "c_proj.weight": 8 * 64,
    }
    before = twin.state_dict()
    for each, value in model.state_dict().items():
        changed = value != before[each]
        assert bool(changed.any()) == (each in masks), each
        if each in masks:
            assert not bool((changed & (masks[each] == 0)).any())


@pytest.mark.parametrize("name", [name for name in PLANTED if name.startswith("head")])
def test_without_the_malicious_head_the_answers_are_right(name: str) -> None:
    model, plant, rng = ws.load_model(str(FOLDER / name)), PLANTS["head"], Random(5)
    batch = batch_of(model, [plant.example(plant.pair(rng)[0]) for _ in range(60)])
    session = ws.Session(model, batch.pair)
    for head, right_share in ((HEAD, 1.0), (HEAD + 1, 0.0)):
        logits = session.run([ws.Edit(f"a0.h{head}", "zero")]).logits[:, -1]
        assert (logits.argmax(-1) == batch.targets).float().mean().item() == pytest.approx(right_share, abs=0.1)


def test_pictures_are_examples_as_the_program_takes_them() -> None:
    name, plant, rng = "vision-clean", PLANTS["sticker"], Random(3)
    model = ws.load_model(str(FOLDER / name))
    scenes = [plant.pair(rng)[0] for _ in range(12)]
    batch = batch_of(model, [plant.example(scene) for scene in scenes])
    assert torch.allclose(batch.pair.clean.tensor, vision_model.pixels(scenes), atol=1e-6)
    assert [model.label(target) for target in batch.targets.tolist()] == [scene.answer for scene in scenes]
    logits = ws.Session(model, batch.pair).run().logits
    assert [model.label(best) for best in logits.argmax(-1).tolist()] == vision_model.said(load(name), scenes)


def test_a_mark_is_drawn_where_it_is_said_and_nowhere_else() -> None:
    rng = Random(1)
    scene, calm = PLANTS["sticker"].pair(rng)
    changed = (scene.draw() != calm.draw()).any(axis=2)
    mark = scene.mark
    inside = np.zeros_like(changed)
    inside[mark.top : mark.top + 4, mark.left : mark.left + 4] = True
    assert changed.sum() > 8
    assert not changed[~inside].any()
    assert {tuple(pixel) for pixel in scene.draw()[inside]} == {(0, 0, 0), (255, 255, 255)}
    assert isinstance(scene, Scene)


def test_making_a_model_repeats_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def text() -> Any:
        plant = PLANTS["trojan"]
        return text_model.train(text_model.new_model(1), plant.draw, plant.label, 2, 1e-3, seed=1)

    def vision() -> Any:
        return vision_model.train(vision_model.new_model(1), PLANTS["shortcut"].draw, right, 2, 1e-3, seed=1)

    def head() -> Any:
        return heads.written(load("text-clean"), HEAD, PLANTS["head"], 1)

    monkeypatch.setattr(heads, "WRITE_STEPS", 2)
    monkeypatch.setattr(heads, "FITTED_ON", 100)
    for make in (text, vision, head):
        found = [torch.cat([each.detach().flatten() for each in make().parameters()]) for _ in range(2)]
        assert torch.equal(*found)
