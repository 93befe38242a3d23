"""Subject-verb agreement across a distractor: "The keys to the cabinet" -> " are".

The verb agrees with the first noun, not with the nearest one. The counterfactual flips the first noun's
number (Finlayson et al. 2021, "Causal Analysis of Syntactic Agreement Mechanisms").
"""

from __future__ import annotations

from random import Random

from core.inputs.generators import lexicon
from core.inputs.generators.prompt import Prompt, Split, filled, is_held_out

# (form, verb for one, verb for many). {subject} and {other} are nouns, {p} is a preposition.
TEMPLATES = (
    ("The {subject} {p} the {other}", " is", " are"),
    ("The {subject} {p} the {other}", " is", " are"),
    ("The {adjective} {subject} {p} the {other}", " is", " are"),
    ("The {subject} {p} the {adjective} {other}", " is", " are"),
    ("Today the {subject} {p} the {other}", " is", " are"),
    ("We know that the {subject} {p} the {other}", " is", " are"),
    ("The {subject} {p} the {other} {q} the {third}", " is", " are"),
    ("Yesterday the {subject} {p} the {other}", " was", " were"),
    ("Last year the {adjective} {subject} {p} the {other}", " was", " were"),
    ("For years the {subject} {p} the {other}", " has", " have"),
)
HELD_OUT_TEMPLATES = (
    ("The {adjective} {subject} {p} the {second_adjective} {other}", " is", " are"),
    ("People say that the {subject} {p} the {other}", " is", " are"),
    ("Yesterday the {adjective} {subject} {p} the {other}", " was", " were"),
    ("Last year the {subject} {p} the {other}", " was", " were"),
)
ENDINGS = {" has": " been {adjective}.", " have": " been {adjective}."}


def pair_is_held_out(subject: str, other: str) -> bool:
    """Whether training never shows this subject (singular form) with this distractor (singular form)."""
    return (subject, other) == ("key", "cabinet") or is_held_out(subject, other)


def _two_nouns(rng: Random, split: Split) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if split == "word":
        return rng.choice(lexicon.HELD_OUT_NOUNS), rng.choice(lexicon.NOUNS)
    while True:
        subject, other = rng.sample(lexicon.NOUNS, 2)
        if pair_is_held_out(subject[0], other[0]) == (split == "combination"):
            return subject, other


def sample(rng: Random, split: Split = "train") -> Prompt:
    """One prompt. Held-out prompts have a distractor of the other number; so do four in five of training."""
    subject, other = _two_nouns(rng, split)
    form, singular, plural = rng.choice(HELD_OUT_TEMPLATES if split == "template" else TEMPLATES)
    number = rng.randrange(2)
    differs = split != "train" or rng.random() < 0.8
    adjective, second_adjective, third_adjective = rng.sample(lexicon.ADJECTIVES, 3)
    p, q = rng.sample(lexicon.PREPOSITIONS, 2)
    words = {
        "other": other[1 - number] if differs else other[number],
        "third": rng.choice(rng.choice([noun for noun in lexicon.NOUNS if noun not in (subject, other)])),
        "adjective": adjective,
        "second_adjective": second_adjective,
        "p": p,
        "q": q,
    }
    verbs = (singular, plural)
    clean, parts = filled(form, {"subject": subject[number], **words})
    return Prompt(
        kind="agreement",
        split=split,
        clean=clean,
        counterfactual=form.format(subject=subject[1 - number], **words),
        targets=(verbs[number],),
        foils=(verbs[1 - number],),
        answer=verbs[number],
        ending=ENDINGS.get(verbs[number], " {adjective}.").format(adjective=third_adjective),
        parts=parts,
    )
