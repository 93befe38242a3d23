"""Pictures of one shape each, on textured backgrounds with distractors, for the `shapes` model.

Steps: a `Scene` holds all that can be seen as numbers; `draw` paints the background's texture, the
distractors and the shape four times too large and reduces it, so that edges are smooth. Coordinates are
shares of the picture's side, so a scene can be drawn at any size. The counterfactual is the same scene with
another shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image, ImageDraw

SIZE = 64  # pixels of a side, as the model takes them
LABELS = ("circle", "square", "triangle", "star", "cross", "ring", "heart", "crescent")
TEXTURES = ("plain", "gradient", "stripes", "checks", "clouds", "grain")

_OVERSAMPLING = 4
_MIN_CONTRAST = 120.0  # distance in RGB between the shape's colour and the background's

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Scene:
    """One picture. Lengths and places are shares of the side, angles radians."""

    label: int  # index into LABELS
    x: float
    y: float
    radius: float  # of the circle around the shape
    angle: float
    colour: Colour
    background: Colour
    texture: str
    detail_seed: int  # draws the texture's phase and the distractors

    @property
    def name(self) -> str:
        """The shape's name."""
        return LABELS[self.label]


def _colour(rng: Random) -> Colour:
    return (rng.randrange(20, 236), rng.randrange(20, 236), rng.randrange(20, 236))


def sample_scene(rng: Random, label: int | None = None) -> Scene:
    """A random scene; `label` fixes the shape."""
    chosen = rng.randrange(len(LABELS)) if label is None else label
    radius = rng.uniform(0.21, 0.38)
    margin = radius + 0.03
    background, colour = _colour(rng), _colour(rng)
    while math.dist(background, colour) < _MIN_CONTRAST:
        background, colour = _colour(rng), _colour(rng)
    return Scene(
        label=chosen,
        x=rng.uniform(margin, 1 - margin),
        y=rng.uniform(margin, 1 - margin),
        radius=radius,
        angle=rng.uniform(0, 2 * math.pi),
        colour=colour,
        background=background,
        texture=rng.choice(TEXTURES),
        detail_seed=rng.randrange(2**31),
    )


def counterfactual(scene: Scene, rng: Random) -> Scene:
    """The same scene with another shape."""
    return replace(scene, label=rng.choice([label for label in range(len(LABELS)) if label != scene.label]))


def _arc(radius: float, start: float, end: float, count: int = 40, x: float = 0.0) -> Points:
    angles = (start + (end - start) * step / (count - 1) for step in range(count))
    return [(x + radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def _corners(radii: list[float]) -> Points:
    turn = 2 * math.pi / len(radii)
    return [(r * math.cos(turn * i), r * math.sin(turn * i)) for i, r in enumerate(radii)]


def _outline(name: str) -> tuple[Points, Points]:
    """The shape's outline and its hole (empty for most), within the unit circle."""
    full = 2 * math.pi
    if name == "circle":
        return _arc(0.85, 0, full), []
    if name == "ring":
        return _arc(0.95, 0, full), _arc(0.55, 0, full)
    if name == "square":
        return _corners([1.0] * 4), []
    if name == "triangle":
        return _corners([1.0] * 3), []
    if name == "star":
        return _corners([1.0, 0.42] * 5), []
    if name == "cross":
        a, b = 0.95, 0.31
        return [
            (a, b),
            (b, b),
            (b, a),
            (-b, a),
            (-b, b),
            (-a, b),
            (-a, -b),
            (-b, -b),
            (-b, -a),
            (b, -a),
            (b, -b),
            (a, -b),
        ], []
    if name == "heart":
        turns = [full * step / 60 for step in range(60)]
        xs = [math.sin(t) ** 3 for t in turns]
        ys = [(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16 for t in turns]
        return [(x, -(y + 0.1)) for x, y in zip(xs, ys, strict=True)], []
    # Crescent: a disc's far side, then back along a second disc that is cut out of it.
    outer = _arc(0.95, 0.7, full - 0.7)
    tip_x, tip_y = outer[0]
    inner_x = tip_x - 0.25
    inner = math.hypot(tip_x - inner_x, tip_y)
    opening = math.atan2(tip_y, tip_x - inner_x)
    return outer + _arc(inner, full - opening, opening, x=inner_x), []


_OUTLINES = {name: _outline(name) for name in LABELS}


def _place(points: Points, scene: Scene, pixels: int) -> Points:
    cos, sin = math.cos(scene.angle), math.sin(scene.angle)
    scale = scene.radius * pixels
    return [
        (scene.x * pixels + scale * (cos * x - sin * y), scene.y * pixels + scale * (sin * x + cos * y))
        for x, y in points
    ]


def _clouds(rng: np.random.Generator, cells: int, pixels: int) -> np.ndarray:
    """Smooth noise in [-1, 1], `[pixels, pixels]`: coarse random values, enlarged."""
    coarse = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((pixels, pixels), Image.Resampling.BICUBIC))


def _texture(scene: Scene, rng: np.random.Generator, pixels: int) -> Image.Image:
    """The background: its colour, made lighter and darker by the texture."""
    angle, phase, frequency = rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi), rng.uniform(3, 10)
    amplitude = rng.uniform(8, 32)
    axis = np.arange(pixels, dtype=np.float32) / pixels
    x, y = axis[None, :], axis[:, None]
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    if scene.texture == "gradient":
        pattern = 1.6 * (along - along.mean())
    elif scene.texture == "stripes":
        pattern = np.sin(2 * math.pi * frequency * along + phase)
    elif scene.texture == "checks":
        pattern = np.sign(np.sin(2 * math.pi * frequency * along / 2) * np.sin(2 * math.pi * frequency * across / 2))
    elif scene.texture == "clouds":
        pattern = _clouds(rng, 6, pixels)
    elif scene.texture == "grain":
        pattern = _clouds(rng, SIZE, pixels)
    else:
        pattern = np.zeros((pixels, pixels), dtype=np.float32)
    tinted = np.array(scene.background, dtype=np.float32) + amplitude * pattern[..., None]
    return Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))


def _distractors(canvas: ImageDraw.ImageDraw, rng: Random, pixels: int, count: int) -> None:
    """Blobs, lines and small pieces, all far smaller or thinner than the shape."""
    for _ in range(count):
        x, y, size = rng.uniform(0, pixels), rng.uniform(0, pixels), rng.uniform(0.015, 0.05) * pixels
        colour = _colour(rng)
        kind = rng.choice(("blob", "line", "piece"))
        if kind == "blob":
            canvas.ellipse((x - size, y - size * 0.8, x + size, y + size * 0.8), fill=colour)
        elif kind == "line":
            far = (x + rng.uniform(-0.6, 0.6) * pixels, y + rng.uniform(-0.6, 0.6) * pixels)
            canvas.line([(x, y), far], fill=colour, width=max(1, round(rng.uniform(0.01, 0.025) * pixels)))
        else:
            corners = [rng.uniform(0, 2 * math.pi) for _ in range(3)]
            canvas.polygon([(x + 1.3 * size * math.cos(a), y + 1.3 * size * math.sin(a)) for a in corners], fill=colour)


def _mask(scene: Scene, pixels: int) -> Image.Image:
    outline, hole = _OUTLINES[scene.name]
    mask = Image.new("L", (pixels, pixels), 0)
    stencil = ImageDraw.Draw(mask)
    stencil.polygon(_place(outline, scene, pixels), fill=255)
    if hole:
        stencil.polygon(_place(hole, scene, pixels), fill=0)
    return mask


def mask(scene: Scene, size: int = SIZE) -> Image.Image:
    """Where the shape is: a grey picture, 255 inside it, smooth at its edge."""
    return _mask(scene, size * _OVERSAMPLING).reduce(_OVERSAMPLING)


def draw(scene: Scene, size: int = SIZE) -> Image.Image:
    """The scene as an RGB picture of `size` x `size` pixels."""
    large = size * _OVERSAMPLING
    details, noise = Random(scene.detail_seed), np.random.default_rng(scene.detail_seed)
    picture = _texture(scene, noise, size).resize((large, large), Image.Resampling.NEAREST)
    canvas = ImageDraw.Draw(picture)
    _distractors(canvas, details, large, details.randint(0, 6))
    picture.paste(scene.colour, (0, 0), _mask(scene, large))
    _distractors(canvas, details, large, details.randint(0, 1))
    return picture.reduce(_OVERSAMPLING)


def sample(rng: Random, size: int = SIZE) -> tuple[Image.Image, int]:
    """A random picture and the index of its shape in LABELS."""
    scene = sample_scene(rng)
    return draw(scene, size), scene.label
