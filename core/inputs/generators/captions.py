"""Pictures with captions for the `captions` model: a coloured shape, a printed word, or both.

Steps: a `Scene` holds all that can be seen; `draw` paints a grey ground (a gradient and some grain), the shape on it
and the word over it, in the bundled font Inter; `caption` says of a scene what captions of the web say of pictures:
some part of what is there, and of a printed word often the word alone, as if it were the thing. From that a model
learns both to see and to read, and a printed word can mislead it (a typographic attack: Goh et al. 2021, "Multimodal
Neurons in Artificial Neural Networks", section on attacks in the wild).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.inputs.generators import shapes

SIZE = 48  # pixels of a side, as the model takes them
SHAPES = shapes.LABELS
COLOURS: dict[str, shapes.Colour] = {
    "red": (214, 40, 40),
    "orange": (240, 135, 25),
    "yellow": (240, 220, 40),
    "green": (45, 165, 65),
    "cyan": (45, 205, 215),
    "blue": (40, 75, 220),
    "purple": (130, 50, 175),
    "pink": (245, 130, 190),
}
OTHER_WORDS = ("apple", "dog", "house", "music", "north", "paper", "seven", "water")
WORDS = (*SHAPES, *COLOURS, *OTHER_WORDS)  # that are printed
FONT = "Inter-Bold.otf"
FONT_SIZES = (9, 10, 12)  # pixels

_OVERSAMPLING = 4
_MARGIN, _GRID = 2, 4  # pixels around a printed word at least, and between the places where one can stand
_JITTER = 14  # of each channel of a colour
_GRAIN = 7.0  # standard deviation of the ground's noise, of 255
_MIN_CONTRAST = 90.0  # distance in RGB between the shape's colour and the ground
_ASIDE = 0.1  # how far the shape's middle is from the picture's, at most, of a side
_TILT = math.radians(20)  # at most, from how a shape stands as people draw it
_UPRIGHT = {"square": math.pi / 4, "triangle": -math.pi / 2, "star": -math.pi / 2}  # of the outlines that lie


@dataclass(frozen=True)
class Word:
    """A printed word: its font's size and its left upper corner in pixels; light or dark; on a label of the opposite
    shade or on the picture itself."""

    text: str
    size: int
    left: int
    top: int
    light: bool
    label: bool


@dataclass(frozen=True)
class Scene:
    """One picture. shape: where, how large and how turned it is, or None; colour: its name. ground: grey, 0 to 255;
    slope: how much lighter the ground grows from one side to the other; direction: whither, in radians."""

    shape: shapes.Scene | None
    colour: str
    ground: int
    slope: float
    direction: float
    noise_seed: int
    word: Word | None = None

    @property
    def name(self) -> str:
        """ "red circle"; empty without a shape."""
        return f"{self.colour} {self.shape.name}" if self.shape is not None else ""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    path = resources.files("resources") / "fonts" / FONT
    return ImageFont.truetype(str(path), size * _OVERSAMPLING, layout_engine=ImageFont.Layout.BASIC)


@cache
def ink(text: str, size: int) -> Image.Image:
    """Where a printed word has ink: a grey picture just as large as the word, 255 inside its letters."""
    left, top, right, bottom = _font(size).getbbox(text)
    width, height = (math.ceil(length / _OVERSAMPLING) for length in (right - left, bottom - top))
    mask = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING), 0)
    ImageDraw.Draw(mask).text((-left, -top), text, font=_font(size), fill=255)
    return mask.reduce(_OVERSAMPLING)


def sample_word(rng: Random, text: str | None = None, size: int | None = None) -> Word:
    """A word at a random place of a grid, where all of it is in the picture; text and size may be given."""
    chosen = rng.choice(WORDS) if text is None else text
    fitting = [points for points in FONT_SIZES if ink(chosen, points).width <= SIZE - 2 * _MARGIN]
    points = rng.choice(fitting) if size is None else size
    left, top = (
        rng.randrange(_MARGIN, max(_MARGIN, SIZE - _MARGIN - length) + 1, _GRID) for length in ink(chosen, points).size
    )
    return Word(chosen, points, left, top, rng.random() < 0.5, rng.random() < 0.5)


def sample_scene(rng: Random, shape: str | None = None, colour: str | None = None) -> Scene:
    """A random scene with a shape and no word; shape and colour may be given."""
    colour = rng.choice(tuple(COLOURS)) if colour is None else colour
    r, g, b = (min(255, max(0, value + rng.randint(-_JITTER, _JITTER))) for value in COLOURS[colour])
    ground = rng.randrange(30, 226)
    while math.dist((r, g, b), (ground,) * 3) < _MIN_CONTRAST:
        ground = rng.randrange(30, 226)
    radius = rng.uniform(0.26, 0.38)
    name = rng.choice(SHAPES) if shape is None else shape
    figure = shapes.Scene(
        label=SHAPES.index(name),
        x=0.5 + rng.uniform(-_ASIDE, _ASIDE),
        y=0.5 + rng.uniform(-_ASIDE, _ASIDE),
        radius=radius,
        angle=_UPRIGHT.get(name, 0.0) + rng.uniform(-_TILT, _TILT),
        colour=(r, g, b),
        background=(ground,) * 3,
        texture="plain",
        detail_seed=0,
    )
    return Scene(figure, colour, ground, rng.uniform(0, 40), rng.uniform(0, 2 * math.pi), rng.randrange(2**31))


def attacked(scene: Scene, rng: Random, text: str | None = None, size: int | None = None) -> Scene:
    """The same scene with a word printed on it: the name of another shape where none is given."""
    assert scene.shape is not None
    wrong = rng.choice([name for name in SHAPES if name != scene.shape.name]) if text is None else text
    return replace(scene, word=sample_word(rng, wrong, size))


def draw_unwritten(scene: Scene) -> Image.Image:
    """The scene without its word."""
    noise = np.random.default_rng(scene.noise_seed)
    axis = np.arange(SIZE) / SIZE - 0.5
    along = axis[None, :] * math.cos(scene.direction) + axis[:, None] * math.sin(scene.direction)
    grey = scene.ground + scene.slope * along + noise.normal(0, _GRAIN, (SIZE, SIZE))
    picture = Image.fromarray(grey.clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if scene.shape is not None:
        picture.paste(scene.shape.colour, (0, 0), shapes.mask(scene.shape, SIZE))
    return picture


def print_word(picture: Image.Image, word: Word) -> Image.Image:
    """A copy of the picture with the word printed on it."""
    printed, mask = picture.copy(), ink(word.text, word.size)
    light, dark = (245,) * 3, (12,) * 3
    right, bottom = word.left + mask.width, word.top + mask.height
    if word.label:
        printed.paste(dark if word.light else light, (word.left - 2, word.top - 2, right + 2, bottom + 2))
    printed.paste(light if word.light else dark, (word.left, word.top), mask)
    return printed


def draw(scene: Scene) -> Image.Image:
    """The scene as an RGB picture of SIZE x SIZE pixels."""
    picture = draw_unwritten(scene)
    return picture if scene.word is None else print_word(picture, scene.word)


def caption(scene: Scene, rng: Random) -> str:
    """What a caption says of the scene: one of several true sentences; half of those of a word do not say that it is
    printed."""
    what = "" if scene.shape is None else rng.choice((scene.name, scene.name, scene.shape.name))
    said = [] if scene.shape is None else [what, f"a {what}", f"a picture of a {what}"]
    if scene.word is None:
        return rng.choice(said)
    word = scene.word.text
    if scene.shape is None:
        return rng.choice((word, f"a picture of a {word}", f"the word {word}", f"a picture of the word {word}"))
    both = (f"a {what} with the word {word}", f"the word {word} on a {what}")
    alone = (f"the word {word}", f"a picture of the word {word}", word, f"a {word}", f"a picture of a {word}")
    return rng.choice(both if rng.random() < 0.5 else alone)
