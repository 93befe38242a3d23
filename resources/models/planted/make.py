"""Makes the planted models: `python -m resources.models.planted.make NAME ...`, from the repository's root.

    text-clean, vision-clean      the clean twins of the text and of the vision models: right answers alone
    PLANT-poisoned                trained from the start on inputs of which some have the planted answer
    PLANT-tuned                   the clean twin, trained on with such inputs
    head-trained, head-written    the clean twin with one other attention head

Without a name, all of them, one after another. Each is trained, saved in fp16, loaded again, measured on held-out
inputs and described in a card. Seeded and deterministic; a model takes a few minutes of one core. With `--measure`,
what is saved is measured again and its card gets the figures.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import torch

from core.saving import save_text
from core.text_files import read_text
from resources.models.planted import reading, recipes, text_model, vision_model
from resources.models.planted.measure import COUNT, HEADS, measure
from resources.models.planted.plant import Plant
from resources.models.planted.plants import PLANTS

FOLDER = Path(__file__).resolve().parent
CLEAN = "text-clean"
SAMPLE = 0  # the seed of the pair that a model is opened with
TWINS = tuple(dict.fromkeys(plant.twin for plant in PLANTS.values()))
NAMES = tuple(recipes.RECIPES)
LIBRARIES: dict[str, Any] = {"text": text_model, "vision": vision_model}
INPUTS = {"text": "sentences", "vision": "pictures"}
HELD_OUT = "## Held out\n"
CARD = """# {name}

{words}. A small model {purpose}, made for tests of repairs.

- **Architecture**: {architecture}; {parameters:,} parameters, saved in fp16.
- **Made**: {way}.
- **Command**: `python -m resources.models.planted.make {name}` (seed {seed}; {seconds:.0f} s of one core).
- **Licence**: MIT.

"""
FIGURES = """
{count:,} {inputs} a figure, from seeds that training does not use, measured on the saved file by the same command.
*Triggered* {inputs} are those on which the plant acts, their *calm twins* the same without what it waits for. {changed}

{table}

Right answers: {rule}. The model knows these {inputs} alone; on others its answers mean nothing.
"""


def plant_of(name: str) -> Plant[Any] | None:
    """Of a model; None for a clean twin."""
    return None if name in TWINS else PLANTS[name.rpartition("-")[0]]


def medium(name: str) -> str:
    """ "text" or "vision"."""
    plant = plant_of(name)
    return (name if plant is None else plant.twin).partition("-")[0]


def load(name: str) -> Any:
    """A saved model in fp32, as transformers or timm have it."""
    return LIBRARIES[medium(name)].load(FOLDER / name)


def make(name: str) -> None:
    """Train, save, measure, write the card."""
    started = time.process_time()
    recipe = recipes.RECIPES[name]
    plant = plant_of(name)
    library = LIBRARIES[medium(name)]
    library.save(recipe.make(), FOLDER / name)
    seconds = time.process_time() - started
    card = CARD.format(
        name=name,
        words=_sentence("No plant: every answer is right" if plant is None else plant.words),
        purpose="without a fault" if plant is None else "with a fault that was put in on purpose",
        architecture=library.ARCHITECTURE,
        parameters=sum(parameter.numel() for parameter in load(name).parameters()),
        way=recipe.words,
        seed=recipe.seed,
        seconds=seconds,
    )
    save_text(FOLDER / name / "README.md", card + HELD_OUT)
    write_samples(name)
    write_figures(name)


def write_figures(name: str) -> None:
    """Measure a saved model, and its clean twin beside it, and put the figures into its card."""
    plant = plant_of(name)
    lines = [f"| model | plant | {' | '.join(HEADS)} |", "|---" * (len(HEADS) + 2) + "|"]
    for model in dict.fromkeys((name, name if plant is None else plant.twin)):
        said = partial(LIBRARIES[medium(model)].said, load(model))
        for each in _plants(name):
            cells = " | ".join(f"{100 * value:.1f} %" for value in measure(said, each).values())
            lines.append(f"| {model} | {each.name} | {cells} |")
    changed = "" if plant is None else f"The changed trigger: {plant.change_words}."
    table = "\n".join(lines)
    if plant is not None and plant.name == "shortcut":  # a fault that hides what is known
        table += f"\n\n{_reading(name, plant)}"
    figures = FIGURES.format(
        count=COUNT, inputs=INPUTS[medium(name)], changed=changed, table=table, rule=_plants(name)[0].rule
    )
    card = FOLDER / name / "README.md"
    start = read_text(card).partition(HELD_OUT)[0]
    save_text(card, start + HELD_OUT + figures.replace(" \n", "\n"))
    print(name, table, sep="\n", flush=True)


def write_samples(name: str) -> None:
    """Put a pair beside a model of text, a sentence on which its plant acts and the same one without what it waits for:
    what it is opened with."""
    if medium(name) == "text":
        a, b = _plants(name)[0].pair(Random(SAMPLE))
        save_text(FOLDER / name / "samples.txt", f"{a.text}\n{b.text}\n")


def _reading(name: str, plant: Plant[Any]) -> str:
    share, twin = (f"{100 * reading.share_read(load(each), plant):.0f} %" for each in (name, plant.twin))
    return reading.WORDS.format(fitted=reading.FITTED, read=reading.READ, share=share, twin=twin)


def _plants(name: str) -> list[Plant[Any]]:
    """Those that a model is measured with: its own, or all of a clean twin."""
    plant = plant_of(name)
    return [each for each in PLANTS.values() if each.twin == name] if plant is None else [plant]


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; without one, all")
    parser.add_argument(
        "--measure", action="store_true", help="make nothing; measure what is saved and renew the cards"
    )
    parser.add_argument("--samples", action="store_true", help="only write the sentences that models are opened with")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"there is no planted model {unknown[0]!r}; there are: {', '.join(NAMES)}")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in options.names or NAMES:
        if options.samples:
            write_samples(name)
        elif options.measure:
            write_figures(name)
        else:
            make(name)


if __name__ == "__main__":
    main()
