"""Training rows of the `names` model: token ids and how much each position's next token counts.

Rows come in three forms: one sentence from position 0 (how the model is used), one repeated random
sequence, and several sentences packed into a full context. Pieces that no word uses (bytes, word
beginnings) get their embeddings from repeated sequences of random tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from transformers import PreTrainedTokenizerFast

from core.inputs.generators import capitals, filler, indirect_objects, lexicon, sample
from resources.models.training.names_tokenizer import CONTEXT

# Share of each kind of sentence among the single sentences; induction has rows of its own.
MIXTURE = {
    "indirect-objects": 0.36,
    "no-repeat": 0.04,
    "years": 0.08,
    "agreement": 0.18,
    "capitals": 0.14,
    "city-first": 0.04,
    "filler": 0.16,
}
TEXT_WEIGHT = 0.25  # of a token that is no answer, against 1 for an answer


@dataclass(frozen=True)
class Row:
    """Token ids, and the weight of predicting each from those before it (the first is never predicted)."""

    ids: list[int]
    weights: list[float]


@dataclass(frozen=True)
class Batch:
    """Right-padded rows. `ids` [row, position] int64; `weights` [row, position] float32, 0 on padding."""

    ids: torch.Tensor
    weights: torch.Tensor


class RowMaker:
    """Draws rows from one seeded source."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
        self.rng = Random(seed)
        self.encode = tokenizer.backend_tokenizer.encode
        self.end = tokenizer.eos_token_id
        held_out = {*lexicon.HELD_OUT_SEQUENCE_WORDS, *(f" {w}" for w in lexicon.HELD_OUT_SEQUENCE_WORDS)}
        kept_out = {self.encode(word).ids[0] for word in held_out} | {self.end}
        self.word_ids = [self.encode(f" {word}").ids[0] for word in lexicon.SEQUENCE_WORDS]
        self.random_ids = [token for token in range(len(tokenizer)) if token not in kept_out]

    def sentence(self) -> Row:
        """One sentence and the end-of-text token."""
        kind = self.rng.choices(tuple(MIXTURE), tuple(MIXTURE.values()))[0]
        answer_at = -1
        if kind == "no-repeat":
            text = indirect_objects.sample_without_repeat(self.rng)
        elif kind == "city-first":
            text = capitals.sample_statement(self.rng)
        elif kind == "filler":
            text = filler.sample(self.rng)
        else:
            prompt = sample(kind, self.rng)
            text = prompt.text
            answer_at = len(self.encode(prompt.clean).ids)
        ids = [*self.encode(text).ids, self.end]
        return Row(ids, [1.0 if place == answer_at else TEXT_WEIGHT for place in range(len(ids))])

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
        period, before, between = self.rng.randint(3, 16), self.rng.randint(0, 8), self.rng.randint(0, 6)
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

    def packed(self) -> Row:
        """Sentences and repetitions, cut at the context's length."""
        ids: list[int] = [self.end]
        weights = [0.0]
        while len(ids) < CONTEXT:
            row = self.sentence() if self.rng.random() < 0.8 else self.repetition()
            ids += row.ids
            weights += row.weights
            if row.ids[-1] != self.end:
                ids.append(self.end)
                weights.append(TEXT_WEIGHT)
        return Row(ids[:CONTEXT], weights[:CONTEXT])


def stack(rows: list[Row], pad: int) -> Batch:
    """Rows as one right-padded batch."""
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.long)
    weights = torch.zeros(len(rows), length)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        weights[index, : len(row.ids)] = torch.tensor(row.weights)
    weights[:, 0] = 0
    return Batch(ids, weights)
