"""Makes the built-in examples: `python -m resources.samples.make`, from the repository's root.

It writes `names.json`, `shapes.json`, `captions.json`, `dinov2-small.json` and the pictures in `shapes/` and
`captions/`. An index lists pairs of inputs:

    {"model": "bundled:names", "kind": "text" or "image",
     "examples": [{"title", "behaviour", "clean", "counterfactual", "metric", "target", "foil"}, ...]}

`clean` and `counterfactual` are prompts, or picture files relative to the index. `metric` is a metric's
name in `core.metrics`; `target` and `foil` are tokens (with their leading space) or class labels, null
where the metric has none. The photographs in `photos/` are not made here; README.md says where they come
from.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

from core.inputs.generators import captions, shapes

FOLDER = Path(__file__).resolve().parent
SIDE = 128  # pixels; the model's own transform scales to its size
SEED = 30_000  # training draws from another seed

# (title, behaviour, clean, counterfactual, target, foil)
TEXTS = (
    (
        "Who gets the drink?",
        "indirect-objects",
        "When Mary and John went to the store, John gave a drink to",
        "When Mary and John went to the store, Tom gave a drink to",
        " Mary",
        " John",
    ),
    (
        "Who gets the letter?",
        "indirect-objects",
        "After Laura and Daniel went to the park, Laura handed a letter to",
        "After Laura and Daniel went to the park, Karen handed a letter to",
        " Daniel",
        " Laura",
    ),
    (
        "Names it never saw in such a sentence",
        "indirect-objects",
        "When Clara and Simon went to the store, Simon gave a drink to",
        "When Clara and Simon went to the store, Oscar gave a drink to",
        " Clara",
        " Simon",
    ),
    (
        "The sequence comes again",
        "induction",
        "Anna river seven music blue letter Anna river seven",
        "Anna river seven garden blue letter Anna river seven",
        " music",
        " garden",
    ),
    (
        "A year that must be later",
        "years",
        "The war lasted from 1732 to 17",
        "The war lasted from 1701 to 17",
        "45",
        "20",
    ),
    (
        "The keys, not the cabinet",
        "agreement",
        "The keys to the cabinet",
        "The key to the cabinet",
        " are",
        " is",
    ),
    (
        "One guard, many doors",
        "agreement",
        "Yesterday the guard behind the doors",
        "Yesterday the guards behind the doors",
        " was",
        " were",
    ),
    (
        "The capital of France",
        "capitals",
        "The capital of France is",
        "The capital of Italy is",
        " Paris",
        " Rome",
    ),
    (
        "A capital never asked for",
        "capitals",
        "The capital of Chile is",
        "The capital of Japan is",
        " Santiago",
        " Tokyo",
    ),
)


def write(name: str, model: str, kind: str, examples: list[dict[str, str | None]]) -> None:
    """Writes one index."""
    content = {"model": model, "kind": kind, "examples": examples}
    (FOLDER / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def make_texts() -> None:
    """The prompts of the `names` model."""
    fields = ("title", "behaviour", "clean", "counterfactual", "target", "foil")
    examples = [dict(zip(fields, text, strict=True)) | {"metric": "logit_difference"} for text in TEXTS]
    write("names.json", "bundled:names", "text", examples)


def make_pictures() -> None:
    """One picture of each shape, and the same scene with another shape."""
    rng = Random(SEED)
    (FOLDER / "shapes").mkdir(exist_ok=True)
    examples: list[dict[str, str | None]] = []
    for label, name in enumerate(shapes.LABELS):
        scene = shapes.sample_scene(rng, label)
        other = shapes.counterfactual(scene, rng)
        clean, changed = f"shapes/{name}.png", f"shapes/{name}-as-{other.name}.png"
        shapes.draw(scene, SIDE).save(FOLDER / clean, optimize=True)
        shapes.draw(other, SIDE).save(FOLDER / changed, optimize=True)
        examples.append(
            {
                "title": f"A {name}, or a {other.name}",
                "behaviour": "shapes",
                "clean": clean,
                "counterfactual": changed,
                "target": name,
                "foil": other.name,
                "metric": "logit_difference",
            }
        )
    write("shapes.json", "bundled:shapes", "image", examples)


# Shape, its colour, and the word that is printed on it
ATTACKS = (("circle", "red", "star"), ("triangle", "blue", "heart"), ("cross", "green", "ring"))


def make_captions() -> None:
    """Pictures with the name of another shape printed on them, and the same scenes without it."""
    rng = Random(SEED)
    (FOLDER / "captions").mkdir(exist_ok=True)
    examples: list[dict[str, str | None]] = []
    for shape, colour, word in ATTACKS:
        scene = captions.sample_scene(rng, shape, colour)
        clean, printed = f"captions/{colour}-{shape}.png", f"captions/{colour}-{shape}-{word}.png"
        captions.draw(scene).save(FOLDER / clean, optimize=True)
        sticker = captions.Word(word, 12, left=6, top=34, light=False, label=True)
        captions.draw(replace(scene, word=sticker)).save(FOLDER / printed, optimize=True)
        examples.append(
            {
                "title": f"“{word}” printed on a {shape}",
                "behaviour": "typographic-attack",
                "clean": printed,
                "counterfactual": clean,
                "target": word,
                "foil": shape,
                "metric": "logit_difference",
            }
        )
    write("captions.json", "bundled:captions", "image", examples)


def make_photographs() -> None:
    """The photographs' index."""
    pair: dict[str, str | None] = {
        "title": "A cat, or a cup of coffee",
        "behaviour": "photographs",
        "clean": "photos/cat.jpg",
        "counterfactual": "photos/coffee.jpg",
        "target": None,
        "foil": None,
        "metric": "cosine",
    }
    write("dinov2-small.json", "pack:dinov2-small", "image", [pair])


if __name__ == "__main__":
    make_texts()
    make_pictures()
    make_captions()
    make_photographs()
