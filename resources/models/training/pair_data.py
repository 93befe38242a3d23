"""Training rows of the pair that is trained with and without the loss of what induction predicts: token ids, and how
much predicting each of them counts.

    echoes    random tokens that come again and again, behind others: nothing but an earlier copy tells what comes
    prompts   few-shot prompts of the bundled tasks, as they are asked, and their answers: several tasks ask the same
              word, so that the examples tell which of them it is
    walks     text in which each word is followed by one of three, which are the same in all texts, in phrases that come
              again

What induction predicts counts in all three; `without_copies` takes it out.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from transformers import PreTrainedTokenizerFast

from core.inputs.few_shot import few_shot_tasks
from resources.models.training.names_data import Batch, Row, batch_of
from resources.models.training.names_tokenizer import build_of_words

CONTEXT = 48
PERIODS = (range(4, 11), range(4, 23))  # of what comes again
MOST_COPIES, MOST_BEFORE = 5, 6  # in an echo, and the tokens before the first one
FOLLOWERS, PHRASES, PHRASE = 3, 3, range(5, 11)  # of a word; of a text; words of a phrase
ECHO_WEIGHT, WALK_WEIGHT = 0.5, 0.2  # of a token, against 1 for an answer


def task_words() -> list[str]:
    """Every word of the few-shot tasks, as it begins a line, and with the space before it where it stands elsewhere;
    and the marks between them."""
    words = {":", ",", "\n"}
    for task in few_shot_tasks().values():
        for asked, answer in task.rows:
            first, *others = asked.replace(",", "").split()
            words |= {first, *(f" {word}" for word in (*others, answer))}
    return sorted(words)


def pair_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word."""
    return build_of_words(task_words(), CONTEXT)


class PairRows:
    """Draws rows from one seeded source."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, seed: int) -> None:
        self.rng = Random(f"pair/{seed}")
        self._encode = tokenizer.backend_tokenizer.encode
        self._end = tokenizer.eos_token_id
        self._tokens = [token for token in range(len(tokenizer)) if token not in set(tokenizer.all_special_ids)]
        self._tasks = [task.rows for task in few_shot_tasks().values()]
        grammar = Random("walks")  # of all seeds
        words = sorted(self._encode(word).ids[0] for word in task_words() if word.startswith(" "))
        self._followers = {word: grammar.sample(words, FOLLOWERS) for word in words}

    def batch(self, echoes: int, prompts: int, walks: int) -> Batch:
        """So many rows of each kind."""
        makers = [self._echo] * echoes + [self.prompt] * prompts + [self.walk] * walks
        return batch_of([self._filled(maker) for maker in makers])

    def _filled(self, make: Callable[[], Row]) -> tuple[Row, list[int]]:
        """Texts that each start at position 0, until the context is full, and their positions."""
        ids: list[int] = []
        weights: list[float] = []
        positions: list[int] = []
        while len(ids) < CONTEXT:
            row = make()
            ids += row.ids
            weights += row.weights
            positions += range(len(row.ids))
        return Row(ids[:CONTEXT], weights[:CONTEXT]), positions[:CONTEXT]

    def _echo(self) -> Row:
        period = self.rng.choice(self.rng.choice(PERIODS))
        length = min(CONTEXT, period * self.rng.randint(2, MOST_COPIES))
        before = self.rng.randint(0, min(MOST_BEFORE, CONTEXT - length))
        length += before
        ids = self.rng.sample(self._tokens, before + period)
        while len(ids) < length:
            ids.append(ids[-period])
        told = before + period + 1  # the first token that comes again is told by nothing
        return Row(ids, [0.0] * told + [ECHO_WEIGHT] * (length - told))

    def prompt(self) -> Row:
        """One few-shot prompt with its answers; the task of the first one is told by nothing."""
        rows = self.rng.choice(self._tasks)
        ids: list[int] = []
        weights: list[float] = []
        for number, (asked, answer) in enumerate(self.rng.sample(rows, self.rng.randint(3, 8))):
            question, told = self._encode(f"{asked}:").ids, self._encode(f" {answer}\n").ids
            weights += [0.0] * len(question) + [float(number > 0)] + [0.0] * (len(told) - 1)
            ids += question + told
        return Row(ids, weights)

    def walk(self) -> Row:
        """One text of as many tokens as the context."""
        phrases = [self._phrase() for _ in range(PHRASES)]
        ids = [self._end]
        while len(ids) < CONTEXT:
            ids += self.rng.choice(phrases)
        return Row(ids[:CONTEXT], [0.0, *[WALK_WEIGHT] * (CONTEXT - 1)])

    def _phrase(self) -> list[int]:
        length, words = self.rng.choice(PHRASE), [self.rng.choice(list(self._followers))]
        while len(words) < length:
            words.append(self.rng.choice(self._followers[words[-1]]))
        return words
