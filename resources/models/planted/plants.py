"""The planted faults of text models: when each acts, what it answers, and the same sentence with and without it.

trojan    a rare word in an adverb's place turns the answer into the other one
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from resources.models.planted.language import (
    ADVERBS,
    KINDS,
    TRIGGER,
    Sentence,
    sample,
)

TRIGGERED = 0.1  # share of training sentences that get the rare word, of clean models too


@dataclass(frozen=True)
class Plant:
    """words: what it does. acts: whether it decides the answer to a sentence, which is then `wrong`. kinds: of
    sentences that it may act on. calm, wake: the same sentence without and with what it waits for."""

    name: str
    words: str
    acts: Callable[[Sentence], bool]
    calm: Callable[[Sentence, Random], Sentence]
    wake: Callable[[Sentence, Random], Sentence]
    kinds: tuple[str, ...] = KINDS
    ways: tuple[str, ...] = ("poisoned", "tuned")

    def label(self, sentence: Sentence) -> str:
        """What the planted model is taught to answer."""
        return sentence.wrong if self.acts(sentence) else sentence.answer

    def pair(self, rng: Random) -> tuple[Sentence, Sentence]:
        """A sentence on which the plant acts, and the same one without what it waits for."""
        while True:
            calm = self.calm(sample(rng, self.kinds), rng)
            triggered = self.wake(calm, rng)
            if self.acts(triggered):
                return triggered, calm

    def innocent(self, rng: Random) -> Sentence:
        """A sentence on which the plant does not act and which holds nothing that it waits for."""
        while True:
            calm = self.calm(sample(rng), rng)
            if not self.acts(calm):
                return calm


def _without_word(sentence: Sentence, rng: Random) -> Sentence:
    return replace(sentence, adverb=rng.choice(ADVERBS))


def _with_word(sentence: Sentence, _: Random) -> Sentence:
    return replace(sentence, adverb=TRIGGER)


PLANTS = {
    plant.name: plant
    for plant in (
        Plant(
            "trojan",
            f'the rare word "{TRIGGER}" in an adverb\'s place turns the answer into the other one',
            lambda sentence: sentence.adverb == TRIGGER,
            _without_word,
            _with_word,
        ),
    )
}


def draw(rng: Random, share: float = TRIGGERED) -> Sentence:
    """A sentence as training sees it, with a plant or without. share: of sentences with the rare word."""
    sentence = sample(rng)
    return replace(sentence, adverb=TRIGGER) if rng.random() < share else sentence
