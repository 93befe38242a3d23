"""Later years: "The war lasted from 1732 to 17" -> any two digits above 32.

Years are two tokens of two digits each. The counterfactual starts in the year 01, after which almost every
ending is right (Hanna et al. 2023, "How does GPT-2 compute greater-than?", section 3).
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.prompt import Prompt, Split, filled, is_held_out

TEMPLATES = (
    "The {event} lasted from {year} to {century}",
    "The {event} started in {year} and ended in {century}",
    "The {event} went on from the year {year} to the year {century}",
    "The {event} ran from {year} until {century}",
    "From {year} to {century}",
    "The {event} began in {year} and was over in {century}",
    "People talk of the {event} from {year} to {century}",
)
HELD_OUT_TEMPLATES = (
    "The {event} lasted from the year {year} until {century}",
    "The {event} began in the year {year} and ended in the year {century}",
    "People say that the {event} ran from {year} to {century}",
)
FIRST_YEAR, LAST_YEAR = 2, 98  # of the century; 01 is the counterfactual's
NEAR = 30  # training's spans end so many years later at most: where any later year did, a late one always would


def two_digits(number: int) -> str:
    """The token of a year within its century: "07", "32"."""
    return f"{number:02d}"


def year_is_held_out(century: str, year: int) -> bool:
    """Whether training never shows a span that starts in this year."""
    return (century, year) == ("17", 32) or is_held_out(century, two_digits(year))


def sample(rng: Random, split: Split = "train") -> Prompt:
    """One prompt. Counterfactual: the span starts in the century's year 01."""
    first_year = 1 if split == "train" else FIRST_YEAR
    while True:
        century, year = rng.choice(lexicon.CENTURIES), rng.randint(first_year, LAST_YEAR)
        if split in ("template", "word") or year_is_held_out(century, year) == (split == "combination"):
            break
    templates: tuple[str, ...] = HELD_OUT_TEMPLATES if split == "template" else TEMPLATES
    if split == "word":
        templates = tuple(template for template in templates if "{event}" in template)
    template = rng.choice(templates)
    event = rng.choice(lexicon.HELD_OUT_EVENTS if split == "word" else lexicon.EVENTS)
    targets = tuple(two_digits(later) for later in range(year + 1, 100))
    clean, parts = filled(template, {"event": event, "year": century + two_digits(year), "century": century})
    return Prompt(
        kind="years",
        split=split,
        clean=clean,
        counterfactual=template.format(event=event, year=f"{century}01", century=century),
        targets=targets,
        foils=tuple(two_digits(earlier) for earlier in range(year, -1, -1)),
        answer=rng.choice(targets[:NEAR]),
        ending=".",
        parts=parts,
    )
