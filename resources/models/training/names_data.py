"""Training rows of the `names` model: token ids, and how much predicting each of them counts.

A row fills the context with sentences and repeated random sequences. Most rows hold them apart: each starts at
position 0 and sees nothing before it, which is how the model is used. In the others they are one running text.
Pieces that no word uses (bytes, word beginnings) get their embeddings from repeated sequences of random tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from core.inputs.generators import Prompt, capitals, filler, indirect_objects, induction, sample
from resources.models.training.names_tokenizer import CONTEXT

# Share of each kind of sentence among the single sentences; induction has rows of its own.
MIXTURE = {
    "indirect-objects": 0.20,
    "other-words": 0.12,
    "no-repeat": 0.02,
    "years": 0.10,
    "agreement": 0.15,
    "capitals": 0.15,
    "city-first": 0.03,
    "filler": 0.23,
}
INDIRECT_OBJECTS = {"indirect-objects": 0.6, "other-words": 0.4}  # for the steps that see these alone
REPETITIONS = 0.25  # share of repeated sequences among all
TEXT_WEIGHT, FILLER_WEIGHT = 0.06, 0.15  # of a token that is no answer, against 1 for an answer
LATEST_START = (
    6  # half of the texts start up to so many positions late: a sentence is known by its words, not its places
)


@dataclass(frozen=True)
class Row:
    """Token ids, and the weight of predicting each from those before it."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True)
class Batch:
    """Full rows, `[row, position]`. Positions that start again at 0 tell the model where another text begins."""

    ids: torch.Tensor
    weights: torch.Tensor
    positions: torch.Tensor


class RowMaker:
    """Draws rows from one seeded source."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
        self.rng = Random(seed)
        self.encode = tokenizer.backend_tokenizer.encode
        self.end = tokenizer.eos_token_id
        self.mixture, self.repetitions = MIXTURE, REPETITIONS
        self.word_ids = [self.encode(f" {word}").ids[0] for word in induction.WORDS]
        self.random_ids = [token for token in range(len(tokenizer)) if token != self.end]

    def sentence(self) -> Row:
        """One sentence and the end-of-text token."""
        kind = self.rng.choices(tuple(self.mixture), tuple(self.mixture.values()))[0]
        weight = TEXT_WEIGHT
        if kind == "no-repeat":
            parts = [indirect_objects.sample_without_repeat(self.rng)]
        elif kind == "city-first":
            parts = [capitals.sample_statement(self.rng)]
        elif kind == "filler":
            parts, weight = filler.sample_parts(self.rng), FILLER_WEIGHT
        else:
            prompt = self._prompt(kind)
            parts = [prompt.clean, prompt.answer + prompt.ending]
        ids: list[int] = []
        weights: list[float] = []
        for part in parts:  # each part after the first begins with an answer
            tokens = self.encode(part).ids
            weights += [1.0 if ids else weight] + [weight] * (len(tokens) - 1)
            ids += tokens
        return Row([*ids, self.end], [*weights, weight])

    def _prompt(self, kind: str) -> Prompt:
        return indirect_objects.sample_with_other_words(self.rng) if kind == "other-words" else sample(kind, self.rng)

    def repetition(self) -> Row:
        """A repeated sequence as the behaviour is tested, or (two times in three) one of two harder forms."""
        return self.rng.choice((self._tested_repetition, self._shifted_repetition, self._shuffled_chunks))()

    def _tested_repetition(self) -> Row:
        ids = self.encode(sample("induction", self.rng).text).ids
        period = len(ids) // 2
        # The first word has no space before it, so its copy is another token.
        return Row(ids, [0.0] * (period + 2) + [1.0] * (period - 2))

    def _shifted_repetition(self) -> Row:
        """Any tokens before, between and in the copies, so that no position tells where the first copy is."""
        period, before, between = self.rng.choice(induction.PERIODS), self.rng.randint(0, 8), self.rng.randint(0, 6)
        ids = self.rng.sample(self.random_ids, before + period + between)
        ids += ids[before : before + period]
        return Row(ids, [0.0] * (before + period + between + 1) + [1.0] * (period - 1))

    def _shuffled_chunks(self) -> Row:
        """Short chunks that come again and again in any order: only what was there before tells what follows."""
        source = self.word_ids if self.rng.random() < 0.5 else self.random_ids
        length = self.rng.randint(2, 4)
        tokens = self.rng.sample(source, self.rng.randint(3, 7) * length)
        chunks = [tokens[start : start + length] for start in range(0, len(tokens), length)]
        ids: list[int] = []
        weights: list[float] = []
        while len(ids) < 36:
            chunk = self.rng.choice(chunks)
            weights += [0.0] + [float(chunk[0] in ids)] * (length - 1)
            ids += chunk
        return Row(ids, weights)

    def _text(self) -> Row:
        return self.repetition() if self.rng.random() < self.repetitions else self.sentence()

    def running(self) -> tuple[Row, list[int]]:
        """One running text, cut at the context's length, and its positions."""
        ids: list[int] = [self.end]
        weights = [0.0]
        while len(ids) < CONTEXT:
            row = self._text()
            ids += row.ids
            weights += row.weights
            if row.ids[-1] != self.end:
                ids.append(self.end)
                weights.append(TEXT_WEIGHT)
        return Row(ids[:CONTEXT], weights[:CONTEXT]), list(range(CONTEXT))

    def apart(self) -> tuple[Row, list[int]]:
        """Texts that each start at position 0, the rest of the context filled up, and their positions."""
        ids: list[int] = []
        weights: list[float] = []
        positions: list[int] = []
        row = self._text()
        while len(ids) + len(row.ids) <= CONTEXT:
            ids += row.ids
            weights += [0.0, *row.weights[1:]]
            late = self.rng.randint(1, LATEST_START) if self.rng.random() < 0.5 else 0
            positions += range(late, late + len(row.ids))
            row = self._text()
        rest = CONTEXT - len(ids)
        return Row(ids + [self.end] * rest, weights + [0.0] * rest), positions + list(range(rest))

    def _cycles(self) -> tuple[Row, list[int]]:
        """Short random sequences that go round several times, each from position 0, and their positions."""
        ids: list[int] = []
        weights: list[float] = []
        positions: list[int] = []
        while len(ids) < CONTEXT:
            period = self.rng.choice(induction.PERIODS)
            length = min(self.rng.randint(3 * period, 5 * period), 44)
            source = self.word_ids if self.rng.random() < 0.7 else self.random_ids
            sequence = self.rng.sample(source, period)
            ids += [sequence[place % period] for place in range(length)]
            weights += [0.0] * (period + 1) + [1.0] * (length - period - 1)
            positions += range(length)
        return Row(ids[:CONTEXT], weights[:CONTEXT]), positions[:CONTEXT]

    def turn_to(self, mixture: dict[str, float], repetitions: float) -> None:
        """From now on draw sentences of these kinds, and this share of repeated sequences."""
        self.mixture, self.repetitions = mixture, repetitions

    def cycles(self, count: int) -> Batch:
        """Rows of repeated sequences alone, for the first steps."""
        return batch_of([self._cycles() for _ in range(count)])

    def batch(self, apart: int, running: int) -> Batch:
        """So many rows of each form."""
        return batch_of([self.apart() for _ in range(apart)] + [self.running() for _ in range(running)])


def batch_of(rows: list[tuple[Row, list[int]]]) -> Batch:
    """Rows of one length, each with its positions."""
    return Batch(
        ids=torch.tensor([row.ids for row, _ in rows]),
        weights=torch.tensor([row.weights for row, _ in rows]),
        positions=torch.tensor([positions for _, positions in rows]),
    )
