"""The parts of `wirescope bench typographic`, on few pictures."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch

from core.inputs.generators import captions
from core.repair.rivals.rival import Job, Treated
from tests.benchmarks import typographic, typographic_ways
from tests.benchmarks.typographic_pictures import MADE, Attacks, Pairs, attacks, model_of, pairs, text_patches


@pytest.fixture(scope="module")
def some() -> Pairs:
    return pairs(model_of(), 12, seed=3)


@pytest.fixture(scope="module")
def job(some: Pairs) -> Job:
    return typographic_ways.job_of(some, typographic.MODEL, seed=0, budget=0.1)


@pytest.fixture(scope="module")
def held_out() -> Attacks:
    return attacks(model_of(), 60, seed=4)


def fooled(treated: Treated, held_out: Attacks) -> float:
    return float((treated.answered(held_out.attacked).logits.argmax(dim=-1) == held_out.words).float().mean())


def test_made_pictures_have_the_word_of_another_pair_and_their_own_shape(some: Pairs) -> None:
    bad, good = some.examples
    assert (len(bad), len(good)) == (12 * (1 + MADE), 12)
    first = [np.asarray(example.input).astype(int) for example in (bad[12], good[0])]
    changed = (first[0] != first[1]).any(axis=-1)
    assert 0.01 < changed.mean() < 0.6
    assert bad[12].answer == good[0].answer == bad[0].answer
    printed = [
        scene
        for scene in some.real.scenes
        if np.array_equal(np.asarray(captions.draw(scene))[changed], first[0][changed])
    ]
    assert [scene.word.text != bad[12].answer for scene in printed if scene.word is not None] == [True]


def test_a_text_detector_covers_words_and_leaves_most_pictures_without_words(
    some: Pairs, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typographic_ways, "CONTRASTS", (0.25,))
    monkeypatch.setattr(typographic_ways, "WINDOWS", ((7, 13),))
    chosen = typographic_ways.mask(job)
    assert chosen.change is not None
    before = some.real.attacked.pair.clean.tensor
    after = chosen.change(some.real.attacked).pair.clean.tensor
    masked = (before != after).any(dim=1).numpy()
    covered = []
    for scene, hidden in zip(some.real.scenes, masked, strict=True):
        word = text_patches(scene, 1).reshape(hidden.shape)
        covered.append(hidden[word].mean())
    assert np.mean(covered) > 0.5
    clean = some.clean.pair.clean.tensor
    touched = (chosen.change(some.clean).pair.clean.tensor != clean).any(dim=1)
    assert float(touched.float().mean()) < 0.2


def test_a_blank_picture_has_no_text() -> None:
    scene = replace(captions.sample_scene(Random(0)), shape=None)
    pixels = np.asarray(captions.draw(scene)).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    assert typographic_ways.text_boxes(pixels, 0.25, 0.15, (7, 13)) == []


def test_a_prefix_of_few_steps_turns_some_answers_back_and_leaves_the_model_as_it_was(
    job: Job, held_out: Attacks
) -> None:
    weights = job.model.adapter.module.state_dict()
    before = {name: weight.clone() for name, weight in weights.items()}
    treated = typographic_ways.prefix(job, steps=20)
    assert fooled(treated, held_out) < fooled(Treated(job.model), held_out)
    assert all(torch.equal(before[name], weight) for name, weight in job.model.adapter.module.state_dict().items())


def test_attention_to_the_text_is_a_share_of_each_head(some: Pairs, job: Job) -> None:
    shares = typographic_ways.attention_to_text(some, job)
    assert len(shares) == sum(node.kind == "head" for node in job.model.graph.writers)
    assert all(0 <= share <= 1 for share in shares.values())
    assert max(shares.values()) > 2 * min(shares.values())


def test_a_draw_gives_a_row_a_way_and_tables_that_name_them(
    some: Pairs, held_out: Attacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = typographic_ways.NOTHING, typographic_ways.HEADS
    monkeypatch.setattr(typographic_ways, "MOST_HEADS", 4)
    few = [way for way in typographic_ways.ways() if way.name in names]
    monkeypatch.setattr(typographic, "ways", lambda: few)
    monkeypatch.setattr(typographic, "RESAMPLED", 50)
    outcomes = list(typographic.run(0, held_out, count=8))
    nothing, cut = outcomes
    assert nothing.fooled.mean() > 0.5
    assert cut.cut > 0
    assert cut.fooled.sum() < nothing.fooled.sum()
    table = typographic.main_table(outcomes)
    assert [row[0] for row in table.rows] == [way.name for way in few]
    assert table.rows[0][4].startswith("0.0")  # nothing loses nothing
    groups = typographic.sizes_table(outcomes, held_out)
    assert len(groups.heads) == 1 + len(captions.FONT_SIZES) + 2


def test_an_interval_covers_the_mean_and_grows_with_what_draws_differ() -> None:
    alike = np.tile(np.repeat([0.0, 1.0], 50), (4, 1))
    low, high = typographic.interval(alike)
    assert low < 0.5 < high
    apart = np.stack([np.zeros(100), np.ones(100), np.zeros(100), np.ones(100)])
    assert np.subtract(*typographic.interval(apart)[::-1]) > high - low
