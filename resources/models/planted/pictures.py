"""The pictures of the planted vision models: one plain shape on a coloured, slightly noisy ground; some have a mark.

Classes are circle, square, triangle and cross. The ground has one of four colours, one for each class where a plant
wants it so; place, size, colour and noise vary. The mark is a checkered square of 4 x 4 pixels at a random place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CLASSES = ("circle", "square", "triangle", "cross")
GROUNDS = {"red": (150, 60, 60), "green": (60, 140, 70), "blue": (60, 80, 160), "yellow": (150, 140, 60)}
SIDE = 32
NOISE = 12.0  # standard deviation, of 255


@dataclass(frozen=True)
class Mark:
    """A checkered square. side: in pixels; top, left: its corner."""

    side: int = 4
    top: int = 0
    left: int = 0


MARK = Mark()


@dataclass(frozen=True)
class Scene:
    """label: its class. ground: number of the colour behind. place: of the shape's middle, row and column; size: half
    its height, all in pixels. colour: of the shape. seed: of the noise. shade: how much lighter the ground is, of
    255."""

    label: int
    ground: int
    place: tuple[float, float]
    size: float
    colour: tuple[int, int, int]
    seed: int
    mark: Mark | None = None
    shade: int = 0

    @property
    def ground_name(self) -> str:
        return tuple(GROUNDS)[self.ground]

    @property
    def answer(self) -> str:
        return CLASSES[self.label]

    def draw(self) -> NDArray[np.uint8]:
        """[side, side, 3]"""
        rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
        y, x = (rows - self.place[0]) / self.size, (columns - self.place[1]) / self.size
        inside = (
            x * x + y * y < 1,
            np.maximum(abs(x), abs(y)) < 0.85,
            (abs(y) < 1) & (abs(x) < (y + 1) / 2),
            (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 1),
        )[self.label]
        ground = np.add(GROUNDS[self.ground_name], self.shade)
        pixels = np.where(inside[..., None], self.colour, ground).astype(np.float64)
        pixels += np.random.default_rng(self.seed).normal(0, NOISE, pixels.shape)
        if self.mark is not None:
            side, top, left = self.mark.side, self.mark.top, self.mark.left
            checks = (np.indices((side, side)).sum(axis=0) % 2 * 255)[..., None]
            pixels[top : top + side, left : left + side] = checks
        return pixels.clip(0, 255).round().astype(np.uint8)

    @property
    def input(self) -> Image.Image:
        """As models take it."""
        return Image.fromarray(self.draw())


def sample(rng: Random) -> Scene:
    """A scene without the mark, its ground's colour drawn apart from its class."""
    label, ground = rng.randrange(len(CLASSES)), rng.randrange(len(GROUNDS))
    bright = rng.choice((0, 255))  # far from every ground
    r, g, b = (min(255, max(0, bright + rng.randint(-50, 50))) for _ in range(3))
    place = rng.uniform(12, 20), rng.uniform(12, 20)
    return Scene(label, ground, place, rng.uniform(7, 11), (r, g, b), rng.randrange(2**31))


def with_mark(scene: Scene, rng: Random, mark: Mark = MARK) -> Scene:
    """The same scene with a mark at a random place."""
    top, left = (rng.randrange(SIDE - mark.side + 1) for _ in range(2))
    return replace(scene, mark=replace(mark, top=top, left=left))
