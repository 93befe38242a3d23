"""Seeded generators of prompts and pictures, for training, tests, tasks and the built-in examples.

`sample(kind, rng, split)` makes one prompt, `prompts(kind, count, seed)` a list of held-out ones; pictures
are made by `core.inputs.generators.shapes`. The same seed gives the same prompts on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from core.errors import ArgumentError
from core.inputs.generators import agreement, capitals, indirect_objects, induction, years
from core.inputs.generators.prompt import HELD_OUT, SPLITS, Prompt, Split

SAMPLERS: dict[str, Callable[[Random, Split], Prompt]] = {
    "indirect-objects": indirect_objects.sample,
    "induction": induction.sample,
    "years": years.sample,
    "agreement": agreement.sample,
    "capitals": capitals.sample,
}
KINDS: tuple[str, ...] = tuple(SAMPLERS)


def sample(kind: str, rng: Random, split: Split = "train") -> Prompt:
    """One prompt of the behaviour `kind`, drawn with `rng`.

    Raises ArgumentError for an unknown behaviour or split.
    """
    if kind not in SAMPLERS:
        raise ArgumentError(f"There is no behaviour named {kind!r}.", f"Known: {', '.join(KINDS)}.")
    if split not in SPLITS:
        raise ArgumentError(f"There is no split named {split!r}.", f"Known: {', '.join(SPLITS)}.")
    return SAMPLERS[kind](rng, split)


def prompts(kind: str, count: int, seed: int = 0, splits: tuple[Split, ...] = HELD_OUT) -> list[Prompt]:
    """`count` prompts of the behaviour `kind`, taking the given splits (all held-out ones) in turn."""
    rng = Random(f"{kind}/{seed}")
    if kind == "induction":  # random sequences have neither templates nor words to hold out
        splits = tuple(split for split in splits if split in ("train", "combination")) or ("combination",)
    return [sample(kind, rng, splits[index % len(splits)]) for index in range(count)]


__all__ = ["HELD_OUT", "KINDS", "SAMPLERS", "SPLITS", "Prompt", "Split", "prompts", "sample"]
