"""Rows of text tasks out of the generators' prompts."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from core.inputs.generators import SPLITS, Prompt, sample
from core.inputs.tasks.task import Row, Sampler
from core.inputs.token_texts import TokenText


def row_of(prompt: Prompt) -> Row:
    """A prompt with its usual target and foil."""
    return Row(prompt.clean, prompt.counterfactual, prompt.targets[0], prompt.foils[0], parts=prompt.parts)


def sampler_of(kind: str) -> Sampler:
    """Draws prompts of one behaviour, of all splits: a task is no test of what training has shown."""

    def one(rng: Random) -> Row:
        return row_of(sample(kind, rng, rng.choice(SPLITS)))

    return one


def another(source: TokenText, span: tuple[int, int], words: Sequence[str], rng: Random) -> tuple[str, str] | None:
    """A text with other words in one place, drawn among those that keep its tokens aligned, and these words; None where
    none does."""
    order = list(words)
    rng.shuffle(order)
    for word in order:
        text = source.with_part(*span, word)
        if text is not None and text != source.text:
            return text, word
    return None
