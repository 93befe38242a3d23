"""Pictures with a word printed on them, each beside the same picture without it: those that a defence is made with, and
the held-out ones that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

import wirescope as ws
from core.inputs.generators import captions
from core.repair.examples import Batch, Example, batch_of

HELD_OUT_SEED = 40_000  # the bench's own; training and the card draw from others
MADE = 4  # attacked pictures that are made of each pair


@dataclass(frozen=True)
class Attacks:
    """Scenes with a word and without; the pictures as the model takes them, with the shapes as right answers. words:
    the classes that are printed, [row]."""

    scenes: Sequence[captions.Scene]
    attacked: Batch
    clean: Batch
    words: Tensor


@dataclass(frozen=True)
class Pairs:
    """What a defence may learn from. real: the pairs. attacked: these and MADE of each, the word of one pair printed on
    the picture of another; clean: of the pairs. Both as examples and as batches."""

    real: Attacks
    examples: tuple[list[Example], list[Example]]
    attacked: Batch
    clean: Batch


@cache
def model_of(name: str = "bundled:captions") -> ws.Model:
    return ws.load_model(name)


def scenes(count: int, seed: int) -> list[captions.Scene]:
    """Attacked ones: words of all sizes, at all places, with a label and without."""
    rng = Random(seed)
    return [captions.attacked(captions.sample_scene(rng), rng) for _ in range(count)]


def attacks(model: ws.Model, count: int, seed: int) -> Attacks:
    """So many pictures of each kind."""
    some = scenes(count, seed)
    attacked, clean = (
        batch_of(model, [Example(draw(scene), _shape(scene)) for scene in some])
        for draw in (captions.draw, captions.draw_unwritten)
    )
    words = [captions.SHAPES.index(scene.word.text) for scene in some if scene.word is not None]
    return Attacks(some, attacked, clean, torch.tensor(words))


def pairs(model: ws.Model, count: int, seed: int) -> Pairs:
    """A draw of pairs, with what can be made of them alone."""
    real = attacks(model, count, seed)
    written = [np.asarray(captions.draw(scene)) for scene in real.scenes]
    unwritten = [np.asarray(captions.draw_unwritten(scene)) for scene in real.scenes]
    attacked = [_example(pixels, scene) for pixels, scene in zip(written, real.scenes, strict=True)]
    clean = [_example(pixels, scene) for pixels, scene in zip(unwritten, real.scenes, strict=True)]
    rng = Random(seed)
    for number, scene in enumerate(real.scenes):
        others = [other for other in real.scenes if other.word is not None and other.word.text != _shape(scene)]
        for other in rng.sample(others, min(MADE, len(others))):
            at = real.scenes.index(other)
            ink = (written[at] != unwritten[at]).any(axis=-1, keepdims=True)
            attacked.append(_example(np.where(ink, written[at], unwritten[number]), scene))
    return Pairs(real, (attacked, clean), batch_of(model, attacked), batch_of(model, clean))


def text_patches(scene: captions.Scene, side: int) -> NDArray[np.bool_]:
    """[patch]: where some of the word is, for patches of so many pixels a side."""
    changed = (np.asarray(captions.draw(scene)) != np.asarray(captions.draw_unwritten(scene))).any(axis=-1)
    rows, columns = (length // side for length in changed.shape)
    cut = changed[: rows * side, : columns * side].reshape(rows, side, columns, side)
    patches: NDArray[np.bool_] = cut.any(axis=(1, 3)).reshape(-1)
    return patches


def _example(pixels: NDArray[np.uint8], scene: captions.Scene) -> Example:
    return Example(Image.fromarray(pixels), _shape(scene))


def _shape(scene: captions.Scene) -> str:
    assert scene.shape is not None
    return scene.shape.name
