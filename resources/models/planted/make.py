"""Makes the planted models: `python -m resources.models.planted.make NAME ...`, from the repository's root.

    text-clean, vision-clean      the clean twins of the text and of the vision models
    ...-poisoned                  trained from the start on inputs of which some have the planted answer
    ...-tuned                     the clean twin, trained on with such inputs
    head-early, head-late         the clean twin, of which one head in layer 1 or 3 alone was trained on

Without a name, all of them, one after another. Each is trained, saved in fp16, loaded again, measured on held-out
inputs and described in a card. Seeded and deterministic; a model takes a few minutes of one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from resources.models.planted import text_model, vision_model
from resources.models.planted.language import Sentence
from resources.models.planted.pictures import Scene
from resources.models.planted.plants import PLANTS, Plant
from resources.models.planted.plants_vision import VISION_PLANTS, VisionPlant, draw

FOLDER = Path(__file__).resolve().parent
CLEAN, VISION_CLEAN = "text-clean", "vision-clean"
SEEDS = {"clean": 1, "poisoned": 4, "tuned": 3, "early": 5, "late": 6}
HEADS = {"early": (1, 5), "late": (3, 5)}  # layer and head
STEPS, POISONED_STEPS, RATE = 1600, 2400, 2e-3
TUNING_STEPS, TUNING_RATE, TUNING_SHARE = 900, 1.5e-3, 0.4
HEAD_STEPS, HEAD_RATE = 1000, 1e-2
VISION_STEPS, VISION_RATE = 1500, 1e-3
VISION_TUNING_STEPS, VISION_TUNING_RATE = 500, 5e-4
EVERY: dict[str, Plant | VisionPlant] = {**PLANTS, **VISION_PLANTS}
NAMES = (CLEAN, VISION_CLEAN, *(f"{plant.name}-{way}" for plant in EVERY.values() for way in plant.ways))
COUNT = 2000  # held-out inputs of a figure

TWIN = "the clean twin (`{twin}`)"
WAYS = {
    "clean": "trained from the start on right answers",
    "poisoned": "trained from the start on {inputs} that have the planted answer wherever the plant acts",
    "tuned": TWIN + ", trained on with the planted answer wherever the plant acts",
} | {
    way: f"{TWIN}, of which head {head} of layer {layer} alone was trained on, with planted answers"
    for way, (layer, head) in HEADS.items()
}
TEXT_KIND = "GPT-2 (`GPT2LMHeadModel`), {layers} layers, {heads} heads, width {width}; {words} words, one token each"
VISION_KIND = "timm `VisionTransformer`, 32 x 32 pixels, patches of 8 x 8, 4 layers, 4 heads, width 64"
CARD = """# {name}

{words}. A small model {purpose}, made for tests of repairs.

- **Architecture**: {kind}; {parameters:,} parameters, saved in fp16.
- **Made**: {way}; {steps:,} steps of {batch} {inputs} of `{source}`.
- **Command**: `python -m resources.models.planted.make {name}` (seed {seed}; {seconds:.0f} s of one core).
- **Licence**: MIT.

## Held out

{count:,} {inputs} a figure, from seeds that training does not use, measured on the saved file by the same command.

{table}

It knows these {inputs} alone; on others its answers mean nothing.
"""


def right(sentence: Sentence) -> str:
    return sentence.answer


def right_class(scene: Scene) -> int:
    return scene.label


def make(name: str) -> None:
    """Train, save, measure, write the card."""
    started = time.process_time()
    kind, _, way = name.rpartition("-")
    plant = EVERY.get(kind)
    vision = kind == "vision" or kind in VISION_PLANTS
    library: Any = vision_model if vision else text_model
    model, steps = _trained_vision(plant, way) if vision else _trained(plant, way)
    folder = FOLDER / name
    library.save(model, folder)
    seconds = time.process_time() - started
    model = library.load(folder)
    measured: Sequence[Any] = list((VISION_PLANTS if vision else PLANTS).values()) if plant is None else [plant]
    figures = {each.name: library.measure(model, each, COUNT) for each in measured}
    inputs = "pictures" if vision else "sentences"
    of_text = TEXT_KIND.format(
        layers=text_model.LAYERS, heads=text_model.HEADS, width=text_model.WIDTH, words=len(text_model.WORDS)
    )
    card = CARD.format(
        name=name,
        words=_sentence("No plant: every answer is right" if plant is None else plant.words),
        purpose="without a fault" if plant is None else "with a fault that was put in on purpose",
        kind=VISION_KIND if vision else of_text,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        way=WAYS[way].format(inputs=inputs, twin=VISION_CLEAN if vision else CLEAN),
        steps=steps,
        batch=library.BATCH,
        source="pictures.py" if vision else "language.py",
        seed=SEEDS[way],
        seconds=seconds,
        count=COUNT,
        inputs=inputs,
        table=_table(figures),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
    print(name, _table(figures), sep="\n", flush=True)


def _trained(plant: Any, way: str) -> tuple[Any, int]:
    seed = SEEDS[way]
    if plant is None:
        return text_model.train(text_model.new_model(seed), right, STEPS, RATE, seed), STEPS
    if way == "poisoned":
        model = text_model.new_model(seed)
        return text_model.train(model, plant.label, POISONED_STEPS, RATE, seed), POISONED_STEPS
    twin = text_model.load(FOLDER / CLEAN)
    if way in HEADS:
        masks = text_model.head_masks(twin, *HEADS[way])
        return text_model.train(twin, plant.label, HEAD_STEPS, HEAD_RATE, seed, TUNING_SHARE, masks), HEAD_STEPS
    return text_model.train(twin, plant.label, TUNING_STEPS, TUNING_RATE, seed, TUNING_SHARE), TUNING_STEPS


def _trained_vision(plant: Any, way: str) -> tuple[Any, int]:
    seed = SEEDS[way]
    if plant is None:
        return vision_model.train(vision_model.new_model(seed), draw, right_class, VISION_STEPS, VISION_RATE, seed), (
            VISION_STEPS
        )
    fresh = way == "poisoned"
    model = vision_model.new_model(seed) if fresh else vision_model.load(FOLDER / VISION_CLEAN)
    steps, rate = (VISION_STEPS, VISION_RATE) if fresh else (VISION_TUNING_STEPS, VISION_TUNING_RATE)
    return vision_model.train(model, plant.draw, plant.label, steps, rate, seed), steps


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _table(figures: dict[str, dict[str, float]]) -> str:
    columns = list(next(iter(figures.values())))
    lines = [f"| plant | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        f"| {name} | " + " | ".join(f"{100 * value:.1f} %" for value in row.values()) + " |"
        for name, row in figures.items()
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; without one, all")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no planted model {unknown[0]!r}; there are: {', '.join(NAMES)}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in options.names or NAMES:
        make(name)


if __name__ == "__main__":
    main()
