"""Capitals: "The capital of France is" -> " Paris". The counterfactual names another country.

A fact cannot be guessed, so held out is a way of asking: for the held-out countries training states the
capital only in other sentences ("Wales is governed from Cardiff."), never in one that says "the capital of
... is".
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.openings import OPENINGS, opened
from core.inputs.generators.prompt import Prompt, Split, filled, is_held_out

# Ask for the capital by that word; never used in training for a held-out country.
DIRECT_TEMPLATES = (
    "The capital of {country} is",
    "The capital city of {country} is",
)
OTHER_TEMPLATES = (
    "The government of {country} sits in",
    "{country} is governed from",
    "The people of {country} call their capital",
    "They went to {country} and its capital",
)
HELD_OUT_TEMPLATES = (
    "We know that the capital of {country} is",
    "People say that {country} is governed from",
    "Yesterday they went to {country} and its capital",
    "Today the capital of {country} is",
)
# Whole sentences with the city first; they put no question, so they are training's alone.
STATEMENTS = (
    "{city} is the capital of {country}.",
    "He flew to {city}, the capital of {country}.",
    "{city} is a city in {country}.",
)
ENDINGS = (".", ".", " today.")


def _is_trained(country: str, template: str) -> bool:
    if template in DIRECT_TEMPLATES and country in lexicon.HELD_OUT_COUNTRIES:
        return False
    if (country, template) == ("France", DIRECT_TEMPLATES[0]):
        return False
    return template not in DIRECT_TEMPLATES or not is_held_out(country, template)


def _question(rng: Random, split: Split) -> tuple[str, str]:
    everywhere = tuple(lexicon.CAPITALS)
    if split == "word":
        return rng.choice(lexicon.HELD_OUT_COUNTRIES), rng.choice(DIRECT_TEMPLATES)
    if split == "template":
        return rng.choice(lexicon.COUNTRIES), rng.choice(HELD_OUT_TEMPLATES)
    if split == "combination":
        choices = [(c, t) for c in lexicon.COUNTRIES for t in DIRECT_TEMPLATES if not _is_trained(c, t)]
        return rng.choice(choices)
    while True:
        country, template = rng.choice(everywhere), rng.choice(DIRECT_TEMPLATES + OTHER_TEMPLATES)
        if _is_trained(country, template):
            return country, template


def sample(rng: Random, split: Split = "train") -> Prompt:
    """One prompt. Counterfactual: another country, whose capital is the foil."""
    country, template = _question(rng, split)
    other = rng.choice([name for name in lexicon.CAPITALS if name != country])
    answer = f" {lexicon.CAPITALS[country]}"
    if split == "train":
        template = opened(template, rng, OPENINGS)
    clean, parts = filled(template, {"country": country})
    return Prompt(
        kind="capitals",
        split=split,
        clean=clean,
        counterfactual=template.format(country=other),
        targets=(answer,),
        foils=(f" {lexicon.CAPITALS[other]}",),
        answer=answer,
        ending=rng.choice(ENDINGS),
        parts=parts,
    )


def sample_statement(rng: Random) -> str:
    """A training sentence that names the city before the country."""
    country = rng.choice(tuple(lexicon.CAPITALS))
    return rng.choice(STATEMENTS).format(country=country, city=lexicon.CAPITALS[country])
