"""Induction on random tokens: a random sequence comes again, and each of its words is known from the first time. B has
another word in that one place (Olsson et al. 2022, "In-context Learning and Induction Heads").

The words are drawn from the model's own vocabulary, so that each is one token.
"""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any

from core.inputs.generators.induction import PERIODS, sample_of
from core.inputs.model_inputs import ModelInputs
from core.inputs.tasks.prompts import row_of
from core.inputs.tasks.task import Row, Sampler, Task
from core.inputs.text import token_text
from core.inputs.token_texts import TokenText

LOOKED_AT = 4000  # tokens of the vocabulary that are drawn to find words among them
TRIES = 20  # words that are tried in the place of one
_WORD = re.compile(r" [A-Za-z]{2,}")


@lru_cache(maxsize=4)
def _words(tokenizer: Any) -> tuple[str, ...]:
    """Words that are one token with a space before them."""
    ids = list(range(len(tokenizer)))
    Random("vocabulary").shuffle(ids)
    texts = (token_text(tokenizer, token) for token in ids[:LOOKED_AT])
    return tuple(text[1:] for text in texts if _WORD.fullmatch(text))


def samplers(model: ModelInputs) -> tuple[Sampler, ...]:
    words = _words(model.tokenizer)
    if len(words) <= max(PERIODS) + 1:
        return ()

    def one(rng: Random) -> Row:
        return row_of(sample_of(words, words, rng))

    return (one,)


def match(source: TokenText, rng: Random) -> Row | None:
    """A text whose last two tokens came before: B has another word after them there."""
    ids = source.ids
    places = [i for i in range(1, len(ids) - 2) if ids[i - 1 : i + 1] == ids[-2:]]
    if not places:
        return None
    place = places[-1] + 1
    words = [f" {word}" for word in _words(source.tokenizer) if f" {word}" not in source.labels]
    rng.shuffle(words)
    for word in words[:TRIES]:
        token = source.tokenizer(word, add_special_tokens=False)["input_ids"]
        text = source.with_ids([*ids[:place], *token, *ids[place + 1 :]])
        if text is not None:
            return Row(source.text, text, source.labels[place], word)
    return None


TASK = Task(
    "induction", "Induction", "A random sequence of tokens comes again (Olsson et al. 2022)", samplers, match=match
)
