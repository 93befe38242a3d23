"""Circuits in vision: how much of a classifier's accuracy is kept by how few edges.

    python -m tests.benchmarks vision

A is a picture of a shape, B the same picture with the shape inpainted away (as Vi-CD does, Żukowska et al. 2026,
arXiv:2604.14477); removed edges carry what they carry in B. Circuits are found on some pictures and judged on others. A
circuit of one class is judged on other classes too: one that always answers its class would be right on all of its own.
Edges are ranked by the sizes of their scores, and counted as they are and with a head's query, key and value edges of
one writer as one, as that paper does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch
from PIL import Image, ImageDraw

import wirescope as ws
from core.circuit.head_inputs import count_inputs
from core.evaluation.measured import measure
from core.formatting import percent
from core.inputs.generators import captions, shapes
from core.inputs.image_corruption import corrupted
from core.models import packs
from core.tracing.scores import Scores
from tests.benchmarks.table import Table

FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
KEPT = 0.8  # of the whole model's accuracy
STEPS, SEED = 5, 0
LARGE = shapes.LABELS[:4]  # the classes of the probe, whose model is slow
PROBED = 24  # pictures of a class that the probe is fitted on
PIXELS = 224  # of these
OBJECT = 1.05  # of a shape's radius: what is inpainted
USUAL = (("eap-ig", "top"), ("eap-ig", "attn-input"), ("random", "top"))
LEARNED = ("circuit-pruning", "top")


@dataclass(frozen=True)
class Case:
    """draw: a picture of a scene. sample: a scene of a class. pairs: of each class, to find circuits on, and as many
    others to judge them on. ways: method and rule, by which circuits of all classes are chosen."""

    title: str
    model: ws.Model
    classes: tuple[str, ...]
    sample: Callable[[Random, str], Any]
    draw: Callable[[Any], Image.Image]
    pairs: int
    ways: tuple[tuple[str, str], ...] = (*USUAL, LEARNED)

    def dataset(self, name: str, seed: int) -> ws.Dataset:
        """Pairs of one class."""
        rng = Random(f"vision/{name}/{seed}")
        pairs = []
        while len(pairs) < self.pairs:
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


def tables(cases: Sequence[str] = ("shapes", "captions", "dinov2"), pairs: int = 12) -> Iterator[Table]:
    torch.set_num_threads(1)
    for name in cases:
        with TemporaryDirectory() as folder:
            case = CASES[name](pairs, Path(folder))
            if case is None:
                print("pack:dinov2-small is not installed: wirescope models get dinov2-small", file=sys.stderr)
                continue
            found = {each: case.dataset(each, SEED) for each in case.classes}
            judged = {each: case.dataset(each, SEED + 1) for each in case.classes}
            yield all_classes(case, merged(found.values()), merged(judged.values()))
            yield one_class(case, found, judged)


def merged(some: Iterable[ws.Dataset]) -> ws.Dataset:
    sets = list(some)
    return ws.Dataset([pair for each in sets for pair in each.pairs], [row for each in sets for row in each.answers])


def session_of(model: ws.Model, dataset: ws.Dataset) -> ws.Session:
    return ws.Session(model, dataset.pairs[0], ws.log_probability(dataset.answers[0][0]))


def all_classes(case: Case, found: ws.Dataset, judged: ws.Dataset) -> Table:
    """One circuit for all classes."""
    graph, session = case.model.graph, session_of(case.model, judged)
    sizes = [max(1, round(fraction * graph.n_edges)) for fraction in FRACTIONS]
    rows = []
    whole = 0.0
    for method, rule in case.ways:
        scores = traced(case.model, found, method)
        circuits = [scores.select(size, rule, by_size=True) for size in sizes]
        result = measure(session, circuits, dataset=judged)
        whole = result.whole_accuracy or 0.0
        least = fewest(session, judged, scores, rule, KEPT * whole)
        rows.append([named(method, rule), *map(percent, result.accuracy), *counted(scores, rule, least)])
    heads = ("edges chosen by", *(percent(share) for share in FRACTIONS), "fewest edges for 80 % of it", "as inputs")
    title = (
        f"{case.title}, {len(case.classes)} classes, {len(judged):,} held-out pictures: right answers of one circuit "
        f"for all classes, by the share of {graph.n_edges:,} edges; the whole model {percent(whole)}"
    )
    return Table(title, heads, rows)


def one_class(case: Case, found: dict[str, ws.Dataset], judged: dict[str, ws.Dataset]) -> Table:
    """A circuit for each class at one share of the edges."""
    graph, method = case.model.graph, case.ways[-1][0] if case.ways[-1] == LEARNED else case.ways[0][0]
    size = max(1, round(FRACTIONS[3] * graph.n_edges))
    rows = []
    for name in case.classes:
        circuit = traced(case.model, found[name], method).select(size, by_size=True)
        others = merged(judged[each] for each in case.classes if each != name)
        own = measure(session_of(case.model, judged[name]), [circuit], dataset=judged[name])
        called = ws.Dataset(others.pairs, [(name, "")] * len(others))
        wrong = measure(session_of(case.model, called), [circuit], dataset=called)
        share = count_inputs(graph, circuit.edges) / count_inputs(graph)
        rows.append(
            [
                name,
                percent(own.whole_accuracy or 0.0),
                percent(own.accuracy[0]),
                percent(wrong.accuracy[0]),
                percent(share),
            ]
        )
    heads = ("class", "whole model", "its circuit", "other classes that its circuit calls so", "of all inputs kept")
    title = (
        f"{case.title}: circuits of one class, {percent(FRACTIONS[3])} of the edges, by EAP-IG, a head's inputs as one"
    )
    return Table(title, heads, rows)


def traced(model: ws.Model, dataset: ws.Dataset, method: str) -> Scores:
    options = ws.Options(steps=STEPS) if method == "eap-ig" else ws.Options()
    return ws.trace(session_of(model, dataset), method, dataset=dataset, options=options)


def fewest(session: ws.Session, judged: ws.Dataset, scores: Scores, rule: str, accuracy: float) -> int:
    """By halving: a circuit of so many edges has that accuracy, and one of an edge less, where that was run, has not.
    The curve may fall again, so that it need not be the least of all."""
    low, high = 0, scores.graph.n_edges
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        right = measure(session, [scores.select(middle, rule, by_size=True)], dataset=judged).accuracy[0]
        low, high = (low, middle) if right >= accuracy else (middle, high)
    return high


def counted(scores: Scores, rule: str, size: int) -> list[str]:
    graph = scores.graph
    inputs = count_inputs(graph, scores.select(size, rule, by_size=True).edges)
    of = count_inputs(graph)
    return [f"{size:,} ({percent(size / graph.n_edges)})", f"{inputs:,} of {of:,} ({percent(inputs / of)})"]


def named(method: str, rule: str) -> str:
    return method if rule == "top" else f"{method}, a head's inputs as one"


# ---- cases ----


def of_shapes(pairs: int, folder: Path) -> Case:
    return Case("`shapes`", ws.load_model("bundled:shapes"), shapes.LABELS, a_shape, shapes.draw, pairs)


def of_captions(pairs: int, folder: Path) -> Case:
    model = ws.load_model("bundled:captions", classes=list(captions.SHAPES))
    return Case("`captions`", model, captions.SHAPES, captions.sample_scene, captions.draw, pairs)


def of_dinov2(pairs: int, folder: Path) -> Case | None:
    if not packs.is_installed("dinov2-small"):
        return None
    rng = Random("vision/probe")
    for name in LARGE:
        (folder / name).mkdir()
        for number in range(PROBED):
            shapes.draw(a_shape(rng, name), PIXELS).save(folder / name / f"{number}.png")
    fitted = ws.fit_probe(ws.load_model("pack:dinov2-small"), folder)
    title = f"DINOv2-small with a probe of {PROBED} pictures a class"
    return Case(title, fitted.model, LARGE, a_shape, lambda scene: shapes.draw(scene, PIXELS), pairs, USUAL)


def a_shape(rng: Random, name: str) -> shapes.Scene:
    return shapes.sample_scene(rng, shapes.LABELS.index(name))


CASES: dict[str, Callable[[int, Path], Case | None]] = {
    "shapes": of_shapes,
    "captions": of_captions,
    "dinov2": of_dinov2,
}
