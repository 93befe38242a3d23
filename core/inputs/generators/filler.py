"""Filler sentences: ordinary short sentences that put every word to other uses than the tested behaviours.

They are where training meets the held-out names, places, nouns and events, and the words of held-out
templates.
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon

TEMPLATES = (
    "{name} lives near the {place}.",
    "{name} {verb} the {noun}.",
    "The {place} is near the {second_place}.",
    "{name} lives in {country}.",
    "{name} was born in {year}.",
    "In {year} the {place} was {adjective}.",
    "The {event} was long.",
    "Many people talk of the {event}.",
    "People say that {name} {verb} the {noun}.",
    "We know that {name} has a {adjective} {noun}.",
    "There is one {noun} at the {place}.",
    "There are two {nouns} at the {place}.",
    "This {noun} is {adjective}.",
    "These {nouns} are {adjective}.",
    "The {noun} is {adjective}.",
    "The {nouns} are {adjective}.",
    "Yesterday the {noun} was {adjective}.",
    "Last year the {nouns} were {adjective}.",
    "{name} has a {noun}. {name} {verb} the {noun}.",
    "{name} {verb} the {adjective} {noun} at the {place}. {name} likes it.",
    "Before the {event} {name} was in {country}.",
    "Today {name} {verb} {second_name}.",
    "Yesterday {name} was at the {place} with a {object}.",
    "{name} left the {place} before {second_name}.",
    "The {object} of {name} was {adjective}.",
    "{name} worked in {country} in {year}.",
    "Yesterday they were at the {place}.",
    "Yesterday they said hello to {name}.",
    "This {object} is for {name}.",
    "People say that the {object} went to {name}.",
    "They gave the {object} to {name}.",
    "Last year they went to {country}.",
)


def sample(rng: Random) -> str:
    """One sentence. Held-out words come up more often than their number, so that they are as well known as
    others."""

    def either(words: tuple[str, ...], held_out: tuple[str, ...]) -> str:
        return rng.choice(held_out if rng.random() < 0.4 else words)

    noun, nouns = rng.choice(lexicon.HELD_OUT_NOUNS if rng.random() < 0.4 else lexicon.NOUNS)
    return rng.choice(TEMPLATES).format(
        name=either(lexicon.NAMES, lexicon.HELD_OUT_NAMES),
        second_name=either(lexicon.NAMES, lexicon.HELD_OUT_NAMES),
        place=either(lexicon.PLACES, lexicon.HELD_OUT_PLACES),
        second_place=either(lexicon.PLACES, lexicon.HELD_OUT_PLACES),
        event=either(lexicon.EVENTS, lexicon.HELD_OUT_EVENTS),
        country=either(lexicon.COUNTRIES, lexicon.HELD_OUT_COUNTRIES),
        noun=noun,
        nouns=nouns,
        verb=rng.choice(lexicon.VERBS),
        adjective=rng.choice(lexicon.ADJECTIVES),
        object=rng.choice(lexicon.OBJECTS),
        year=f"{rng.choice(lexicon.CENTURIES)}{rng.randrange(100):02d}",
    )
