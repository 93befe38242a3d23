"""The generator of captioned pictures: seeded; words stand wholly inside; captions are true of the scene."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np

from core.inputs.generators import captions


def pixels(scene: captions.Scene) -> np.ndarray:
    return np.asarray(captions.draw(scene)).astype(int)


def test_the_same_seed_gives_the_same_picture_and_caption() -> None:
    def made() -> tuple[bytes, str]:
        rng = Random(3)
        scene = captions.attacked(captions.sample_scene(rng), rng)
        return captions.draw(scene).tobytes(), captions.caption(scene, rng)

    assert made() == made()
    assert captions.draw(captions.sample_scene(Random(0))).size == (captions.SIZE, captions.SIZE)


def test_every_word_fits_in_some_size_and_stands_inside() -> None:
    rng = Random(0)
    for text in captions.WORDS:
        for _ in range(20):
            word = captions.sample_word(rng, text)
            width, height = captions.ink(word.text, word.size).size
            assert word.left > 0
            assert word.left + width < captions.SIZE
            assert word.top > 0
            assert word.top + height < captions.SIZE


def test_an_attack_changes_the_picture_where_the_word_is_and_nowhere_else() -> None:
    rng = Random(1)
    for _ in range(20):
        scene = captions.sample_scene(rng)
        attacked = captions.attacked(scene, rng)
        word = attacked.word
        assert word is not None
        assert scene.shape is not None
        assert word.text in set(captions.SHAPES) - {scene.shape.name}
        width, height = captions.ink(word.text, word.size).size
        changed = np.abs(pixels(scene) - pixels(attacked)).sum(-1) > 0
        assert changed.mean() > 0.01
        rows, columns = np.nonzero(changed)
        assert rows.min() >= word.top - 2
        assert rows.max() <= word.top + height + 2
        assert columns.min() >= word.left - 2
        assert columns.max() <= word.left + width + 2


def test_the_shape_has_its_colour() -> None:
    rng = Random(2)
    for colour, value in captions.COLOURS.items():
        scene = captions.sample_scene(rng, "square", colour)
        assert scene.shape is not None
        middle = pixels(scene)[int(scene.shape.y * captions.SIZE), int(scene.shape.x * captions.SIZE)]
        nearest = min(captions.COLOURS, key=lambda name: np.abs(middle - captions.COLOURS[name]).sum())
        assert nearest == colour, (middle, value)


def test_captions_name_what_is_there_and_half_of_those_of_words_do_not_say_that_they_are_printed() -> None:
    rng = Random(4)
    plain, printed = captions.sample_scene(rng, "star", "green"), 0
    counted = Counter(captions.caption(plain, rng) for _ in range(200))
    assert set(counted) == {
        f"{start}{what}" for start in ("", "a ", "a picture of a ") for what in ("star", "green star")
    }
    word = captions.sample_word(rng, "dog")
    for _ in range(400):
        text = captions.caption(replace(plain, word=word), rng)
        assert "dog" in text
        assert text.endswith(("dog", "star"))
        printed += "word" in text
    assert 0.6 < printed / 400 < 0.8  # with the shape: half of them; of the others two in five say it
    assert "star" not in captions.caption(replace(plain, shape=None, word=word), rng)
