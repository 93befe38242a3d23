"""What the models of `wirescope bench tune` are taught: generated tasks that they do not know, with training,
validation and held-out examples, and for each example a counterfactual with as many tokens and another answer.

    names     order   which of four names is meant by "first", "red", "blue" and "last"; held out are names
    SmolLM2   order   which of three words is meant by made-up words; held out are words
    SmolLM2   kind    which of five made-up syllables goes with a thing, by its kind; held out are words
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from core.inputs.generators import lexicon


@dataclass(frozen=True)
class Item:
    """An example, and the counterfactual that its circuit is traced with. Answers carry their leading space."""

    text: str
    answer: str
    other: str
    foil: str


@dataclass(frozen=True)
class Lesson:
    """One draw of a task."""

    train: tuple[Item, ...]
    validation: tuple[Item, ...]
    held_out: tuple[Item, ...]


@dataclass(frozen=True)
class Task:
    """model: as `ws.load_model` takes it. draw: a lesson, given its source of chance. steps, batch: of training."""

    model: str
    title: str
    draw: Callable[[Random], Lesson]
    steps: int
    batch: int


def chosen_of_three(
    words: Sequence[str], markers: Sequence[str], template: str, rng: Random, count: int
) -> tuple[Item, ...]:
    """As many words as markers, and a marker that says which is meant. The counterfactual has another marker."""
    items = []
    for _ in range(count):
        three = rng.sample(words, len(markers))
        (place, marker), (other, foil) = rng.sample(list(enumerate(markers)), 2)
        texts = [template.format(*three, marker=each) for each in (marker, foil)]
        items.append(Item(texts[0], f" {three[place]}", texts[1], f" {three[other]}"))
    return tuple(items)


def _by_order(words: Sequence[str], markers: Sequence[str], template: str, rng: Random, sizes: Sequence[int]) -> Lesson:
    """Half of the words are trained on, a fifth are for validation."""
    shuffled = rng.sample(words, len(words))
    ends = len(words) // 2, len(words) * 7 // 10
    groups = shuffled[: ends[0]], shuffled[ends[0] : ends[1]], shuffled[ends[1] :]
    parts = [chosen_of_three(group, markers, template, rng, size) for group, size in zip(groups, sizes, strict=True)]
    return Lesson(*parts)


def names_order(rng: Random) -> Lesson:
    names = lexicon.NAMES + lexicon.HELD_OUT_NAMES
    markers = ("first", "red", "blue", "last")
    return _by_order(names, markers, "They met {}, {}, {} and {}. The {marker} was", rng, (512, 96, 256))


KINDS = {
    " ka": """dog cat horse bird fish cow pig sheep goat bear wolf fox lion tiger mouse rat rabbit deer elephant monkey
        snake frog duck chicken turkey eagle owl bee spider whale shark dolphin turtle""",
    " po": """apple bread cheese rice soup cake butter sugar salt meat egg potato tomato onion banana lemon orange grape
        carrot bean corn honey milk wine beer coffee tea juice chocolate pasta pizza sandwich salad""",
    " mi": """shirt hat coat shoe boot dress skirt jacket glove belt sock suit tie cap uniform robe
        helmet mask ring necklace jeans pants vest costume""",
    " tu": """teacher doctor nurse farmer lawyer pilot soldier baker painter singer actor writer driver judge chef
        engineer scientist artist musician dancer poet sailor priest guard clerk dentist tailor""",
    " zu": """hammer knife saw axe drill shovel needle screw nail rope ladder brush pen pencil bucket broom fork
        spoon scissors wrench lamp clock mirror camera phone radio keyboard computer printer""",
}
MARKERS = ("dax", "wug", "fep")


def kinds(rng: Random) -> Lesson:
    """Of each kind two words in five are trained on, one in five is for validation. The counterfactual is of another
    kind."""
    groups: tuple[list[tuple[str, str]], ...] = ([], [], [])
    for answer, listed in KINDS.items():
        words = listed.split()
        rng.shuffle(words)
        ends = len(words) * 2 // 5, len(words) * 3 // 5
        for group, part in zip(groups, (words[: ends[0]], words[ends[0] : ends[1]], words[ends[1] :]), strict=True):
            group += [(word, answer) for word in part]

    def items(group: Sequence[tuple[str, str]]) -> tuple[Item, ...]:
        found = []
        for word, answer in group:
            other, foil = rng.choice([each for each in group if each[1] != answer])
            found.append(Item(f"The {word} is", answer, f"The {other} is", foil))
        return tuple(found)

    return Lesson(*(items(group) for group in groups))


def words_order(rng: Random) -> Lesson:
    words = [word for listed in KINDS.values() for word in listed.split()]
    return _by_order(words, MARKERS, " {} {} {} {marker}", rng, (512, 48, 96))


NAMES, SMOLLM2 = "bundled:names", "pack:smollm2"
TASKS = {
    "names-order": Task(NAMES, "which of four names", names_order, 32, 16),
    "smollm2-order": Task(SMOLLM2, "which of three words", words_order, 30, 8),
    "smollm2-kind": Task(SMOLLM2, "a syllable for the kind of a thing", kinds, 24, 8),
}

# Plain sentences of many subjects: what SmolLM2's loss on ordinary text is measured on.
TEXT = (
    "The bridge was closed for weeks while workers replaced the old cables, and traffic had to go around the lake.",
    "Water boils at a lower temperature in the mountains because the pressure of the air is lower there.",
    "My grandmother kept every letter that she received, tied with string, in a box under her bed.",
    "Although the team had won its first four matches, the coach was worried about the condition of the players.",
    "Many birds fly south in autumn and return to the same places when the weather becomes warm again.",
)

__all__ = ["NAMES", "SMOLLM2", "TASKS", "TEXT", "Item", "Lesson", "Task"]
