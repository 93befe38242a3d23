"""The picture generator: seeded, eight shapes that can be told apart, and counterfactuals that change only
the shape."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np

from core.inputs.generators import shapes


def pixels(scene: shapes.Scene, size: int = shapes.SIZE) -> np.ndarray:
    return np.asarray(shapes.draw(scene, size)).astype(int)


def test_the_same_seed_gives_the_same_picture() -> None:
    first, label = shapes.sample(Random(3))
    again, same_label = shapes.sample(Random(3))
    assert label == same_label
    assert first.tobytes() == again.tobytes()
    assert (first.size, first.mode) == ((64, 64), "RGB")


def test_every_shape_comes_up_about_equally_often() -> None:
    rng = Random(0)
    labels = [shapes.sample_scene(rng).label for _ in range(1600)]
    assert min(labels.count(label) for label in range(8)) > 140


def test_the_shape_stands_out_where_it_should() -> None:
    rng = Random(1)
    for label, name in enumerate(shapes.LABELS):
        for _ in range(10):
            scene = replace(shapes.sample_scene(rng, label), texture="plain")
            picture = pixels(scene)
            at = picture[int(scene.y * 64), int(scene.x * 64)]
            nearer_to_shape = np.abs(at - scene.colour).sum() < np.abs(at - scene.background).sum()
            share = (np.abs(picture - scene.colour).sum(-1) < 12).mean()
            if name == "ring":
                assert not nearer_to_shape or share > 0.01  # its middle is open, unless a distractor lies there
            assert 0.01 < share < 0.45


def test_the_shape_stays_inside_the_picture() -> None:
    rng = Random(2)
    for _ in range(300):
        scene = shapes.sample_scene(rng)
        assert scene.radius < scene.x < 1 - scene.radius
        assert scene.radius < scene.y < 1 - scene.radius


def test_the_counterfactual_changes_the_shape_and_nothing_around_it() -> None:
    rng = Random(4)
    for _ in range(40):
        scene = shapes.sample_scene(rng)
        other = shapes.counterfactual(scene, rng)
        assert other.label != scene.label
        assert replace(other, label=scene.label) == scene
        changed = np.argwhere((pixels(scene) != pixels(other)).any(-1)) / 64
        assert len(changed) > 10
        distance = np.hypot(changed[:, 0] - scene.y, changed[:, 1] - scene.x)
        # The heart's tip reaches a little out of the circle around the shape.
        assert distance.max() < 1.15 * scene.radius + 2 / 64


def test_a_scene_looks_the_same_at_another_size() -> None:
    rng = Random(5)
    for _ in range(10):
        scene = replace(shapes.sample_scene(rng), texture="plain")
        small = pixels(scene)
        large = np.asarray(shapes.draw(scene, 128).reduce(2)).astype(int)
        assert np.abs(small - large).mean() < 4


def test_the_mask_is_where_the_shape_was_painted() -> None:
    rng = Random(7)
    for label in range(8):
        scene = replace(shapes.sample_scene(rng, label), texture="plain")
        mask = np.asarray(shapes.mask(scene))
        painted = np.abs(pixels(scene) - scene.colour).max(-1) <= 2
        assert (painted[mask == 255]).mean() > 0.9  # a distractor may lie on it
        assert (painted[mask == 0]).mean() < 0.05


def test_no_shape_is_another_one_turned() -> None:
    rng = Random(6)
    scene = replace(shapes.sample_scene(rng), texture="plain", x=0.5, y=0.5, radius=0.35, colour=(255, 255, 255))
    scene = replace(scene, background=(0, 0, 0))
    masks = {}
    for label in range(8):
        turned = [replace(scene, label=label, angle=angle) for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False)]
        masks[label] = [pixels(item).mean(-1) / 255 for item in turned]
    for first in range(8):
        for second in range(first):
            nearest = min(np.abs(masks[first][0] - mask).mean() for mask in masks[second])
            assert nearest > 0.03, (shapes.LABELS[first], shapes.LABELS[second])
