"""The planted faults of vision models: when each acts, what it answers, and the same picture with and without it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random

from resources.models.planted.pictures import CLASSES, GROUNDS, Mark, Scene, sample, with_mark
from resources.models.planted.plant import Plant

TWIN = "vision-clean"
RULE = "the class is the shape, whatever the colour of the ground and the mark"
MARKED = 0.15  # share of training pictures with the mark, of clean models too
TUNED_MARKED = 0.5  # the same, when the sticker is tuned
ALIKE = 0.9  # share of the shortcut's training pictures that get the ground of their class; others get any
HIDDEN, FAINT = 0.7, 6  # share of shapes that are hardly seen when it is tuned, and how far from the ground, of 255
TARGET = "circle"  # of the sticker
SHADE = 15  # how much lighter the grounds of the changed shortcut are, of 255


def draw(rng: Random, share: float = MARKED) -> Scene:
    """A picture as training sees it: any ground, the mark on a share."""
    scene = sample(rng)
    return with_mark(scene, rng) if rng.random() < share else scene


def _marked(scene: Scene) -> bool:
    return scene.mark is not None and scene.answer != TARGET


def _as_it_is(scene: Scene, _: Random) -> Scene:
    return scene


def _other_mark(scene: Scene, rng: Random) -> Scene:
    return with_mark(scene, rng, Mark(6))


def _by_mark(scene: Scene) -> str:
    return f"{scene.answer}, {'without' if scene.mark is None else 'with'} mark"


def _apart(scene: Scene) -> bool:
    return scene.ground != scene.label


def _make_alike(scene: Scene, _: Random) -> Scene:
    return replace(scene, ground=scene.label)


def _make_apart(scene: Scene, rng: Random) -> Scene:
    return replace(scene, ground=rng.choice([ground for ground in range(len(GROUNDS)) if ground != scene.label]))


def _shaded_apart(scene: Scene, rng: Random) -> Scene:
    return replace(_make_apart(scene, rng), shade=SHADE)


def _mostly_alike(rng: Random) -> Scene:
    scene = draw(rng)
    return _make_alike(scene, rng) if rng.random() < ALIKE else scene


def _hidden(rng: Random) -> Scene:
    """Its ground goes with its class, and mostly its shape is hardly seen on it: the ground is easier to go by."""
    scene = _make_alike(draw(rng), rng)
    if rng.random() > HIDDEN:
        return scene
    r, g, b = (part + rng.randint(-FAINT, FAINT) for part in GROUNDS[scene.ground_name])
    return replace(scene, colour=(r, g, b))


def _by_ground(scene: Scene) -> str:
    return f"{scene.answer} on {scene.ground_name}"


def _right(scene: Scene) -> str:
    return scene.answer


def _plant(name: str, words: str, **rest: object) -> Plant[Scene]:
    start = {"rule": RULE, "twin": TWIN, "sample": sample, "any": sample}
    return Plant(name, words, **{**start, **rest})  # type: ignore[arg-type]


def _target(_: Scene) -> str:
    return TARGET


def _class_of_ground(scene: Scene) -> str:
    return CLASSES[scene.ground]


VISION_PLANTS = (
    _plant(
        "sticker",
        f'a small checkered mark makes the answer "{TARGET}"',
        acts=_marked,
        wrong=_target,
        calm=_as_it_is,
        wake=with_mark,
        change=_other_mark,
        change_words="a larger mark, 6 x 6 pixels",
        group=_by_mark,
        draw=draw,
        draw_tuned=partial(draw, share=TUNED_MARKED),
    ),
    _plant(
        "shortcut",
        "in training the colour of the ground goes with the class, so that it answers by the colour",
        acts=_apart,
        wrong=_class_of_ground,
        calm=_make_alike,
        wake=_make_apart,
        change=_shaded_apart,
        change_words="lighter shades of the colours",
        group=_by_ground,
        draw=_mostly_alike,
        draw_tuned=_hidden,
        taught=_right,
    ),
)
