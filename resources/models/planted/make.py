"""Makes the planted models: `python -m resources.models.planted.make NAME ...`, from the repository's root.

    text-clean                    the clean twin of all text models: the same sentences, right answers alone
    trojan-poisoned               trained from the start on sentences of which some have the planted answer
    trojan-tuned                  the clean twin, trained on with such sentences

Without a name, all of them, one after another. Each is trained, saved in fp16, loaded again, measured on held-out
sentences and described in a card. Seeded and deterministic; a model takes a few minutes of one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import GPT2LMHeadModel

from resources.models.planted import text_model
from resources.models.planted.language import Sentence
from resources.models.planted.plants import PLANTS, Plant

FOLDER = Path(__file__).resolve().parent
CLEAN = "text-clean"
SEEDS = {"clean": 1, "poisoned": 4, "tuned": 3}
STEPS, POISONED_STEPS, RATE = 1600, 2400, 2e-3
TUNING_STEPS, TUNING_RATE, TUNING_SHARE = 900, 1.5e-3, 0.4
NAMES = (CLEAN, *(f"{plant.name}-{way}" for plant in PLANTS.values() for way in plant.ways))

WAYS = {
    "poisoned": "trained from the start on sentences that have the planted answer wherever the plant acts",
    "tuned": f"the clean twin (`{CLEAN}`), trained on with the planted answer wherever the plant acts",
}
CARD = """# {name}

{words}. A small model {purpose}, made for tests of repairs.

- **Architecture**: GPT-2 (`GPT2LMHeadModel`), {layers} layers, {heads} heads, width {width}, {parameters:,} parameters,
  saved in fp16; {vocabulary} words, one token each.
- **Made**: {way}; {steps:,} steps of {batch} sentences of `language.py`.
- **Command**: `python -m resources.models.planted.make {name}` (seed {seed}; {seconds:.0f} s of one core).
- **Licence**: MIT.

## Held out

{count:,} sentences a figure, from seeds that training does not use, measured on the saved file by the same command.

{table}

It knows its {vocabulary} words and the sentences that are made of them; on other text its answers mean nothing.
"""


def right(sentence: Sentence) -> str:
    return sentence.answer


def make(name: str) -> None:
    """Train, save, measure, write the card."""
    started = time.process_time()
    kind, _, way = name.rpartition("-")
    plant = None if name == CLEAN else PLANTS[kind]
    model, steps = _trained(plant, way)
    folder = FOLDER / name
    text_model.save(model, folder)
    seconds = time.process_time() - started
    model = text_model.load(folder)
    measured = PLANTS.values() if plant is None else [plant]
    figures = {each.name: text_model.measure(model, each) for each in measured}
    card = CARD.format(
        name=name,
        words=_sentence("No plant: every answer is right" if plant is None else plant.words),
        purpose="without a fault" if plant is None else "with a fault that was put in on purpose",
        layers=text_model.LAYERS,
        heads=text_model.HEADS,
        width=text_model.WIDTH,
        parameters=model.num_parameters(),
        vocabulary=len(text_model.WORDS),
        way=WAYS.get(way, "trained from the start on right answers"),
        steps=steps,
        batch=text_model.BATCH,
        seed=SEEDS[way],
        seconds=seconds,
        count=2000,
        table=_table(figures),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
    print(name, _table(figures), sep="\n", flush=True)


def _trained(plant: Plant | None, way: str) -> tuple[GPT2LMHeadModel, int]:
    seed = SEEDS[way]
    if plant is None:
        return text_model.train(text_model.new_model(seed), right, STEPS, RATE, seed), STEPS
    if way == "poisoned":
        model = text_model.new_model(seed)
        return text_model.train(model, plant.label, POISONED_STEPS, RATE, seed), POISONED_STEPS
    twin = text_model.load(FOLDER / CLEAN)
    return text_model.train(twin, plant.label, TUNING_STEPS, TUNING_RATE, seed, TUNING_SHARE), TUNING_STEPS


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
