"""Indirect objects: "When Mary and John went to the store, John gave a drink to" -> " Mary".

Two names come up, one of them again; the next word is the other one. The counterfactual replaces the
repeated name by a third one, so that nothing tells which of the two is meant (Wang et al. 2022,
"Interpretability in the Wild", section 3: the ABC distribution).
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.prompt import Prompt, Split, filled, is_held_out

# {a} and {b} are the two names, {s} the one that comes again.
TEMPLATES = (
    "When {a} and {b} went to the {place}, {s} gave a {object} to",
    "When {a} and {b} went to the {place}, {s} gave the {object} to",
    "After {a} and {b} went to the {place}, {s} handed a {object} to",
    "While {a} and {b} were at the {place}, {s} gave a {object} to",
    "Then {a} and {b} had a long walk, and afterwards {s} said hello to",
    "Friends {a} and {b} found a {object} at the {place}. {s} gave it to",
    "{a} and {b} met at the {place}. {s} showed the {object} to",
    "Yesterday {a} and {b} worked at the {place}. {s} decided to give a {object} to",
    "Once {a} and {b} got to the {place}, {s} brought a {object} to",
    "The {place} was full when {a} and {b} came in, and {s} passed a {object} to",
    "As {a} and {b} left the {place}, {s} sent a {object} to",
    "Because {a} and {b} liked the {place}, {s} bought a {object} for",
    "{a} sat with {b} at the {place}. Later {s} offered the {object} to",
)
HELD_OUT_TEMPLATES = (
    "Before {a} and {b} left the {place}, {s} passed the {object} to",
    "Today {a} and {b} were at the {place} when {s} offered a {object} to",
    "While {a} and {b} worked at the {place}, {s} brought the {object} to",
    "When {a} and {b} got a {object} at the {place}, {s} decided to give it to",
)
OTHER_WORDS = tuple(
    word for word in lexicon.SEQUENCE_WORDS if word not in {*lexicon.NAMES, *lexicon.PLACES, *lexicon.OBJECTS}
)
FIELDS = {"a": "first", "b": "second", "s": "repeated"}  # what these are called as roles
ENDINGS = (".", ".", ".", " at the {place}.", " and left.")


def pair_is_held_out(first: str, second: str) -> bool:
    """Whether training never shows these two names together in such a sentence (in either order)."""
    names = sorted((first, second))
    return names == ["John", "Mary"] or is_held_out(*names)


def _two_names(rng: Random, split: Split) -> tuple[str, str]:
    if split == "word":
        held_out = rng.choice(lexicon.HELD_OUT_NAMES)
        other = rng.choice([n for n in lexicon.HELD_OUT_NAMES + lexicon.NAMES[:14] if n != held_out])
        return (held_out, other) if rng.random() < 0.5 else (other, held_out)
    while True:
        first, second = rng.sample(lexicon.NAMES, 2)
        if pair_is_held_out(first, second) == (split == "combination"):
            return first, second


def sample(rng: Random, split: Split = "train") -> Prompt:
    """One prompt. Counterfactual: the name that comes again is replaced by a third one."""
    first, second = _two_names(rng, split)
    subject, target = (first, second) if rng.random() < 0.5 else (second, first)
    pool = lexicon.HELD_OUT_NAMES if split == "word" else lexicon.NAMES
    third = rng.choice([name for name in pool if name not in (first, second)])
    template = rng.choice(HELD_OUT_TEMPLATES if split == "template" else TEMPLATES)
    place = rng.choice(lexicon.PLACES + lexicon.HELD_OUT_PLACES if split == "word" else lexicon.PLACES)
    words = {"a": first, "b": second, "place": place, "object": rng.choice(lexicon.OBJECTS)}
    clean, parts = filled(template, {"s": subject, **words})
    return Prompt(
        kind="indirect-objects",
        split=split,
        clean=clean,
        counterfactual=template.format(s=third, **words),
        targets=(f" {target}",),
        foils=(f" {subject}",),
        answer=f" {target}",
        ending=rng.choice(ENDINGS).format(**words),
        parts=tuple((FIELDS.get(name, name), start, end) for name, start, end in parts),
    )


def sample_without_repeat(rng: Random) -> str:
    """A training sentence in the counterfactual's form: a third name acts, either of the two may follow."""
    prompt = sample(rng)
    return prompt.counterfactual + rng.choice((prompt.targets[0], prompt.foils[0])) + prompt.ending


def sample_with_other_words(rng: Random) -> Prompt:
    """A training sentence whose names are other words ("When lamp and river went to the store, lamp gave a drink
    to" -> " river"), so that what repeats is left out whatever word it is, and held-out names too."""
    templates = tuple(template for template in TEMPLATES if not template.startswith("{a}"))
    template = rng.choice(templates)
    first, second, third = rng.sample(OTHER_WORDS, 3)
    subject, target = (first, second) if rng.random() < 0.5 else (second, first)
    words = {"a": first, "b": second, "place": rng.choice(lexicon.PLACES), "object": rng.choice(lexicon.OBJECTS)}
    return Prompt(
        kind="indirect-objects",
        split="train",
        clean=template.format(s=subject, **words),
        counterfactual=template.format(s=third, **words),
        targets=(f" {target}",),
        foils=(f" {subject}",),
        answer=f" {target}",
        ending=rng.choice(ENDINGS).format(**words),
    )
