"""Filler sentences: ordinary short sentences that put every word to other uses than the tested behaviours.

They are where training meets the held-out names, places, nouns and events, and the words of held-out
templates.
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.openings import OPENINGS, opened

# A "^" stands before a word that what came before tells (a verb's number, a name that comes again): training weighs
# it like an answer.
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
    "This {noun}^ is {adjective}.",
    "These {nouns}^ are {adjective}.",
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
    "People say that {country} is {adjective}.",
    "Yesterday they went to {country}.",
    # A verb that agrees with the only noun before it.
    "The {noun}^ is {adjective}.",
    "The {nouns}^ are {adjective}.",
    "The {adjective} {noun}^ is {second_adjective}.",
    "The {adjective} {nouns}^ are {second_adjective}.",
    "Yesterday the {noun}^ was {adjective}.",
    "Yesterday the {nouns}^ were {adjective}.",
    "Last year the {adjective} {noun}^ was {second_adjective}.",
    "Last year the {adjective} {nouns}^ were {second_adjective}.",
    "For years the {noun}^ has been {adjective}.",
    "For years the {nouns}^ have been {adjective}.",
    "People say that the {noun}^ is {adjective}.",
    "People say that the {nouns}^ are {adjective}.",
    "The {noun} of {name}^ is {adjective}.",
    "The {nouns} of {name}^ are {adjective}.",
    "Today the {noun} in {country}^ is {adjective}.",
    "Today the {nouns} in {country}^ are {adjective}.",
    "The {noun} that {name} {verb}^ is {adjective}.",
    "The {nouns} that {name} {verb}^ are {adjective}.",
    "The {noun} to the {place}^ is {adjective}.",
    "The {nouns} to the {place}^ are {adjective}.",
    # A name that comes again.
    "{name} has a {noun}. The {noun} likes^ {name}.",
    "{name} {verb} the {adjective} {noun} at the {place}. People know that the {noun} is for^ {name}.",
    "This {object} is for {name}, and they gave it to^ {name}.",
    "Yesterday {name} was at the {place}, and they said hello to^ {name}.",
    "Today they met {name} at the {place} and gave a {object} to^ {name}.",
    "They know {name}, {second_name} and {third_name}. They like {name}, {second_name}^ and^ {third_name}.",
    "First {name}, then {second_name}, last {third_name}: again {name}, then^ {second_name}, last^ {third_name}.",
)


def sample(rng: Random) -> str:
    """One sentence."""
    return "".join(sample_parts(rng))


def sample_parts(rng: Random) -> list[str]:
    """One sentence in parts; each part after the first begins with a word that those before it tell.

    Held-out words come up more often than their number, so that they are as well known as others.
    """

    def either(words: tuple[str, ...], held_out: tuple[str, ...]) -> str:
        return rng.choice(held_out if rng.random() < 0.4 else words)

    noun, nouns = rng.choice(lexicon.HELD_OUT_NOUNS if rng.random() < 0.4 else lexicon.NOUNS)
    names: list[str] = []
    while len(names) < 3:
        if (name := either(lexicon.NAMES, lexicon.HELD_OUT_NAMES)) not in names:
            names.append(name)
    adjective, second_adjective = rng.sample(lexicon.ADJECTIVES, 2)
    text = rng.choice(TEMPLATES).format(
        name=names[0],
        second_name=names[1],
        third_name=names[2],
        place=either(lexicon.PLACES, lexicon.HELD_OUT_PLACES),
        second_place=either(lexicon.PLACES, lexicon.HELD_OUT_PLACES),
        event=either(lexicon.EVENTS, lexicon.HELD_OUT_EVENTS),
        country=either(lexicon.COUNTRIES, lexicon.HELD_OUT_COUNTRIES),
        noun=noun,
        nouns=nouns,
        verb=rng.choice(lexicon.VERBS),
        adjective=adjective,
        second_adjective=second_adjective,
        object=rng.choice(lexicon.OBJECTS),
        year=f"{rng.choice(lexicon.CENTURIES)}{rng.randrange(100):02d}",
    )
    return opened(text, rng, OPENINGS).split("^")
