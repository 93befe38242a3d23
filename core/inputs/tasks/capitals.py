"""Capitals: a fact about the country that the sentence names. B names another country."""

from __future__ import annotations

import re
from random import Random

from core.inputs.generators import lexicon
from core.inputs.tasks.prompts import another, sampler_of
from core.inputs.tasks.task import Row, Task
from core.inputs.token_texts import TokenText

_ASKS = re.compile(r"\b(capital|governed|government)\b")
_COUNTRY = re.compile(rf"\b({'|'.join(lexicon.CAPITALS)})\b")


def match(source: TokenText, rng: Random) -> Row | None:
    """A text that names one country and speaks of its capital, without naming it."""
    countries = list(_COUNTRY.finditer(source.text))
    if len(countries) != 1 or not _ASKS.search(source.text):
        return None
    country = countries[0][0]
    answer = lexicon.CAPITALS[country]
    if answer in source.text:
        return None
    ids = source.tokenizer
    others = [
        name
        for name, capital in lexicon.CAPITALS.items()
        if name != country and len(ids(f" {capital}", add_special_tokens=False)["input_ids"]) == 1
    ]
    changed = another(source, countries[0].span(), others, rng)
    return None if changed is None else Row(source.text, changed[0], f" {answer}", f" {lexicon.CAPITALS[changed[1]]}")


TASK = Task("capitals", "Capitals", "A country's capital", lambda model: (sampler_of("capitals"),), match=match)
