"""Induction: a random sequence of words, then the same again; each word of the second copy is known.

"Rome lamp seven Mary Rome lamp" -> " seven". The counterfactual changes that word in the first copy (Olsson
et al. 2022, "In-context Learning and Induction Heads").
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.prompt import Prompt, Split

PERIODS = (4, 5, 6, 7, 8, 9, 10)
WORDS = lexicon.SEQUENCE_WORDS + lexicon.HELD_OUT_SEQUENCE_WORDS  # held out are other uses of these


def sample(rng: Random, split: Split = "train") -> Prompt:
    """One prompt. Every sequence is fresh, so the held-out ones differ from training's by their seed alone."""
    return sample_of(WORDS, lexicon.NAMES + lexicon.HELD_OUT_NAMES, rng, split)


def sample_of(pool: Sequence[str], firsts: Sequence[str], rng: Random, split: Split = "train") -> Prompt:
    """One prompt of the words of a pool, whose first word is one of `firsts`.

    The text starts with a name, so that its first word needs no space before it. The answer lies at least
    two words into the second copy, past that one place where the spelling of the two copies differs.
    """
    period = rng.choice(PERIODS)
    first = rng.choice(firsts)
    words = [first, *rng.sample([word for word in pool if word != first], period)]
    replacement = words.pop()  # one more than the period: it is not in the sequence
    shown = rng.randrange(2, period)
    changed = [replacement if place == shown else word for place, word in enumerate(words)]
    tail = " ".join(words[:shown])
    before = len(tail) + 1  # what is told in the first copy
    return Prompt(
        kind="induction",
        split=split,
        clean=f"{' '.join(words)} {tail}",
        counterfactual=f"{' '.join(changed)} {tail}",
        targets=(f" {words[shown]}",),
        foils=(f" {replacement}",),
        answer=f" {words[shown]}",
        ending="".join(f" {word}" for word in words[shown + 1 :]),
        parts=(("told", before, before + len(words[shown])),),
    )
