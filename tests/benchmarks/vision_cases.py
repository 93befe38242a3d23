"""Models whose classes have circuits, and pictures of these classes, each beside the same one with its shape inpainted
away (as Vi-CD does, Żukowska et al. 2026, arXiv:2604.14477)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageDraw

import wirescope as ws
from core.inputs.generators import captions, shapes
from core.inputs.image_corruption import corrupted
from core.models import packs

LARGE = shapes.LABELS[:4]  # the classes of the probe, whose model is slow
PROBED = 24  # pictures of a class that the probe is fitted on
PIXELS = 224  # of these
OBJECT = 1.05  # of a shape's radius: what is inpainted


Sets = dict[str, ws.Dataset]  # pairs of each class


@dataclass(frozen=True)
class Case:
    """draw: a picture of a scene. sample: a scene of a class. search_count, judged: pairs of each class to find
    circuits on, and others to judge them on. single: classes that have a circuit each. slow: whether a run takes
    seconds, so that nothing is learned. longer: whether circuits of one class are learned for longer too."""

    title: str
    model: ws.Model
    classes: tuple[str, ...]
    sample: Callable[[Random, str], Any]
    draw: Callable[[Any], Image.Image]
    search_count: int
    judged: int
    single: tuple[str, ...]
    slow: bool = False
    longer: bool = False

    def dataset(self, name: str, count: int, seed: int) -> ws.Dataset:
        """Pairs of one class."""
        rng = Random(f"vision/{name}/{seed}")
        pairs = []
        while len(pairs) < count:
            scene = self.sample(rng, name)
            picture = self.draw(scene)
            other = corrupted(self.model, picture, "inpaint", mask=object_mask(scene, picture.size))
            pairs.append(self.model.pair(picture, other))
        return ws.Dataset(pairs, [(name, "")] * len(pairs))


def object_mask(scene: shapes.Scene | captions.Scene, size: tuple[int, int]) -> Image.Image:
    """White where the shape of a scene is: the circle around it."""
    shape = scene.shape if isinstance(scene, captions.Scene) else scene
    assert shape is not None
    mask = Image.new("L", size)
    (width, height), reach = size, OBJECT * shape.radius
    box = [(shape.x - reach) * width, (shape.y - reach) * height, (shape.x + reach) * width, (shape.y + reach) * height]
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    return mask


def merged(some: Iterable[ws.Dataset]) -> ws.Dataset:
    """One dataset of several, a pair of each in turn, so that every part of it has all classes."""
    sets = [list(zip(each.pairs, each.answers, strict=True)) for each in some]
    rows = [row for turn in zip(*sets, strict=True) for row in turn]
    return ws.Dataset([pair for pair, _ in rows], [answer for _, answer in rows])


def of_shapes(search_count: int, judged: int, folder: Path) -> Case:
    model = ws.load_model("bundled:shapes")
    return Case(
        "`shapes`", model, shapes.LABELS, a_shape, shapes.draw, search_count, judged, shapes.LABELS[:3], longer=True
    )


def of_captions(search_count: int, judged: int, folder: Path) -> Case:
    names = captions.SHAPES
    model = ws.load_model("bundled:captions", classes=list(names))
    return Case("`captions`", model, names, captions.sample_scene, captions.draw, search_count, judged, names[:3])


def of_dinov2(search_count: int, judged: int, folder: Path) -> Case | None:
    """None where the pack is not installed."""
    if not packs.is_installed("dinov2-small"):
        return None
    rng = Random("vision/probe")
    for name in LARGE:
        (folder / name).mkdir()
        for number in range(PROBED):
            shapes.draw(a_shape(rng, name), PIXELS).save(folder / name / f"{number}.png")
    fitted = ws.fit_probe(ws.load_model("pack:dinov2-small"), folder)
    title = f"DINOv2-small with a probe of {PROBED} pictures a class"
    few = max(1, search_count // 4)
    return Case(title, fitted.model, LARGE, a_shape, draw_large, few, judged // 3, LARGE[:2], slow=True)


def draw_large(scene: shapes.Scene) -> Image.Image:
    return shapes.draw(scene, PIXELS)


def a_shape(rng: Random, name: str) -> shapes.Scene:
    return shapes.sample_scene(rng, shapes.LABELS.index(name))


CASES: dict[str, Callable[[int, int, Path], Case | None]] = {
    "shapes": of_shapes,
    "captions": of_captions,
    "dinov2": of_dinov2,
}
