"""Indirect objects: the name that does not come again. B has a third name in the place of the repeated one, so that
nothing tells which of the two is meant (Wang et al. 2022, "Interpretability in the Wild", the ABC distribution)."""

from __future__ import annotations

import re
from random import Random

from core.inputs.generators import lexicon
from core.inputs.tasks.prompts import another, sampler_of
from core.inputs.tasks.task import Row, Task
from core.inputs.token_texts import TokenText

NAMES = lexicon.NAMES + lexicon.HELD_OUT_NAMES


def match(source: TokenText, rng: Random) -> Row | None:
    """A text with two names, one of them twice: the last time, B names somebody else."""
    matches = [m for m in re.finditer(r"\b[A-Z][a-z]+\b", source.text) if m[0] in NAMES]
    names = [m[0] for m in matches]
    repeated = {name for name in names if names.count(name) > 1}
    once = set(names) - repeated
    if len(repeated) != 1 or len(once) != 1 or matches[-1][0] not in repeated:
        return None
    others = [name for name in NAMES if name not in names]
    changed = another(source, matches[-1].span(), others, rng)
    return None if changed is None else Row(source.text, changed[0], f" {once.pop()}", f" {repeated.pop()}")


TASK = Task(
    "ioi",
    "Indirect objects",
    "Which of two names gets the gift? (Wang et al. 2022)",
    lambda model: (sampler_of("indirect-objects"),),
    match=match,
)
