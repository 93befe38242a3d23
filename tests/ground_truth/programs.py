"""Seven programs. Each answers at the last position; texts begin with token 0.

reverse             what the first token is: the last of the reversed text
fraction            how many of the tokens so far are token 1, in steps
sort                the largest token: the last of the sorted text
most-frequent       the token that occurs most often
double-histogram    at how many positions the token had occurred as often as the last one has by its own position
parentheses         whether brackets (1 opens, 2 closes) are balanced: 1 yes, 2 no
induction           what followed the last token where it occurred before
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

import wirescope as ws
from tests.ground_truth.builder import Builder

SHARP = 9.0  # of scores: the key that is meant gets all but a ten-thousandth


@dataclass(frozen=True)
class Program:
    """build: the builder, filled. answer: of a text [token, ...] without the beginning. draw: a text."""

    name: str
    build: Callable[[], Builder]
    answer: Callable[[list[int]], int]
    draw: Callable[[Random], list[int]]

    def texts(self, count: int, seed: int = 0) -> tuple[list[list[int]], list[list[int]]]:
        """Pairs of texts with different answers, each with its beginning; the clean one has the larger answer. So what
        adds to the logit of one answer moves the difference of the logits the same way in every pair: else it would
        cancel in the mean over pairs, which is what methods see."""
        rng = Random(f"{self.name}/{seed}")
        clean: list[list[int]] = []
        other: list[list[int]] = []
        while len(clean) < count:
            a, b = self.draw(rng), self.draw(rng)
            b, a = sorted((a, b), key=self.answer)
            if self.answer(a) != self.answer(b):
                clean.append([0, *a])
                other.append([0, *b])
        return clean, other

    def session(self, model: ws.Model, count: int = 12, seed: int = 0) -> ws.Session:
        """A batch of pairs with the difference of the two answers' logits as its metric."""
        a, b = self.texts(count, seed)
        answers = [[self.answer(text[1:]) for text in texts] for texts in (a, b)]
        return ws.Session(model, model.pair(torch.tensor(a), torch.tensor(b)), ws.logit_difference(*answers))


def _one(index: int, size: int, value: float = 1.0) -> Tensor:
    vector = torch.zeros(size, dtype=torch.float64)
    vector[index] = value
    return vector


def _eye(size: int, value: float = 1.0) -> Tensor:
    return torch.eye(size, dtype=torch.float64) * value


def _row(*values: float) -> Tensor:
    return torch.tensor([values], dtype=torch.float64)


# ---- reverse ---------------------------------------------------------------------------------------------------


def _reverse() -> Builder:
    tokens, length = 6, 8
    made = Builder(tokens, length, layers=2)
    made.space("mirror", length)
    made.space("result", tokens)
    for place in range(1, length):  # where the mirror image of a place stands
        made.unit(0, {"position": _one(place, length)}, 0.0, {"mirror": _one(length - place, length)})
    made.head(1, 2, [("mirror", "position", _eye(length, SHARP))], ("token", _eye(tokens)), "result")
    made.output("result", _eye(tokens, 5.0))
    return made


# ---- fraction of previous tokens ---------------------------------------------------------------------------------


def _fraction() -> Builder:
    tokens, length = 5, 9
    made = Builder(tokens, length, layers=2)
    made.space("share", 1)
    made.space("level", 5)
    made.head(0, 1, [("one", "one", _row(0.0))], ("token", _one(1, tokens)[None]), "share")
    for level in range(1, 5):  # more than `level` of the eight
        made.step(1, {"share": _row(1.0)[0]}, (2 * level - 1.8) / length, 1.2 / length, {
            "level": _one(level, 5) - _one(level - 1, 5)})  # fmt: skip
    made.output("level", _eye(5, 5.0))
    made.module.lm_head.weight[0, made._spaces["one"]] = 5.0  # level 0, until a step takes it away
    made._read(ws.Reader("logits"), "one")
    return made


# ---- sort --------------------------------------------------------------------------------------------------------


def _sort() -> Builder:
    tokens, length = 7, 8
    made = Builder(tokens, length, layers=2)
    made.space("result", tokens)
    ranks = torch.arange(tokens, dtype=torch.float64)[None] * SHARP
    made.head(0, 3, [("one", "token", ranks)], ("token", _eye(tokens)), "result")
    made.output("result", _eye(tokens, 5.0))
    return made


# ---- counting with the beginning: a head that sees its like and the beginning gives 1 / (1 + count) to the latter --


def _count_like(made: Builder, layer: int, head: int, space: str, size: int, out: str) -> None:
    made.head(
        layer, head, [(space, space, _eye(size, SHARP)), ("one", "bos", _row(SHARP))], ("bos", _row(1.0)), out
    )  # fmt: skip


def _most_frequent() -> Builder:
    tokens, length = 6, 9
    made = Builder(tokens, length, layers=2)
    made.space("rarity", 1)
    made.space("result", tokens)
    _count_like(made, 0, 2, "token", tokens, "rarity")
    scores = [("one", "rarity", _row(-12 * SHARP))]  # the beginning is the rarest of all
    made.head(1, 0, scores, ("token", _eye(tokens)), "result")
    made.output("result", _eye(tokens, 5.0))
    return made


def _double_histogram() -> Builder:
    tokens, length, most = 4, 8, 7
    made = Builder(tokens, length, layers=2)
    made.space("rarity", 1)
    made.space("count", most + 1)
    made.space("alike", 1)
    made.space("result", most + 1)
    _count_like(made, 0, 1, "token", tokens, "rarity")
    _counts(made, 0, "rarity", "count", most)
    _count_like(made, 1, 3, "count", most + 1, "alike")
    _counts(made, 1, "alike", "result", most)
    made.output("result", _eye(most + 1, 5.0))
    return made


def _counts(made: Builder, layer: int, rarity: str, out: str, most: int) -> None:
    """From 1 / (1 + n) to n, one place of `out` for each; the beginning itself, with n = 0, has none."""
    for n in range(most + 1):
        low, high = 1 / (n + 2), 1 / (n + 1)
        middle, width = (low + high) / 2, (high - low) / 4
        change = (_one(n, most + 1) if n else 0) - (_one(n + 1, most + 1) if n < most else 0)
        made.step(layer, {rarity: _row(1.0)[0]}, middle - width / 2, width, {out: change})


# ---- parentheses -------------------------------------------------------------------------------------------------


def _parentheses() -> Builder:
    tokens, length = 3, 9
    made = Builder(tokens, length, layers=2)
    made.space("depth", 1)  # open less closed so far, over the length so far
    made.space("below", 1)
    made.space("ever", 1)
    made.space("verdict", 1)
    least = 1 / length
    made.head(0, 0, [("one", "one", _row(0.0))], ("token", _row(0.0, 1.0, -1.0)), "depth")
    made.step(0, {"depth": _row(-1.0)[0]}, 0.25 * least, 0.5 * least, {"below": _row(1.0)[0]})
    made.head(1, 1, [("one", "one", _row(0.0))], ("below", _row(1.0)), "ever")
    made.step(1, {"ever": _row(1.0)[0]}, 0.25 * least, 0.5 * least, {"verdict": _row(1.0)[0]})
    made.step(1, {"depth": _row(1.0)[0]}, 0.25 * least, 0.5 * least, {"verdict": _row(1.0)[0]})
    made.output("verdict", torch.tensor([[0.0], [-5.0], [5.0]], dtype=torch.float64))
    made.module.lm_head.weight[1:3, made._spaces["one"]] = torch.tensor([[2.5], [-2.5]], dtype=torch.float64)
    made._read(ws.Reader("logits"), "one")
    return made


# ---- induction ---------------------------------------------------------------------------------------------------


def _induction() -> Builder:
    tokens, length = 8, 9
    made = Builder(tokens, length, layers=2)
    made.space("before", tokens)
    made.space("result", tokens)
    before = torch.zeros(length, length, dtype=torch.float64)
    for place in range(1, length):
        before[place, place - 1] = SHARP
    made.head(0, 2, [("position", "position", before)], ("token", _eye(tokens)), "before")
    made.head(1, 1, [("token", "before", _eye(tokens, SHARP))], ("token", _eye(tokens)), "result")
    made.output("result", _eye(tokens, 5.0))
    return made


# ---- the table ---------------------------------------------------------------------------------------------------


def _any(tokens: int, length: int) -> Callable[[Random], list[int]]:
    return lambda rng: [rng.randrange(1, tokens) for _ in range(length)]


def _draw_fraction(rng: Random) -> list[int]:
    """All shares are as likely: few texts have none or all."""
    share = rng.random()
    return [1 if rng.random() < share else 2 for _ in range(8)]


def _draw_most_frequent(rng: Random) -> list[int]:
    while True:
        text = [rng.randrange(1, 6) for _ in range(8)]
        counts = sorted((text.count(token) for token in set(text)), reverse=True)
        if len(counts) > 1 and counts[0] > counts[1]:
            return text


def _draw_brackets(rng: Random) -> list[int]:
    text = [1] * 4 + [2] * 4
    rng.shuffle(text)
    if rng.random() < 0.5:  # balanced as often as not
        text, depth, left = [], 0, 4
        while len(text) < 8:
            opens = left > 0 and (depth == 0 or rng.random() < 0.5)
            text.append(1 if opens else 2)
            depth, left = (depth + 1, left - 1) if opens else (depth - 1, left)
    elif rng.random() < 0.5:
        text[rng.randrange(8)] = rng.choice((1, 2))
    return text


def _draw_induction(rng: Random) -> list[int]:
    """Every token once, and then one of them, not the last, again."""
    tokens = list(range(1, 8))
    rng.shuffle(tokens)
    return [*tokens, tokens[rng.randrange(6)]]


def _balanced(text: list[int]) -> int:
    depth = 0
    for token in text:
        depth += 1 if token == 1 else -1
        if depth < 0:
            return 2
    return 1 if depth == 0 else 2


def _double(text: list[int]) -> int:
    counts = [text[: place + 1].count(token) for place, token in enumerate(text)]
    return counts.count(counts[-1])


def _after(text: list[int]) -> int:
    place = max(place for place, token in enumerate(text[:-1]) if token == text[-1])
    return text[place + 1]


def _share_level(text: list[int]) -> int:
    return min(4, (text.count(1) + 1) // 2)


PROGRAMS: dict[str, Program] = {
    program.name: program
    for program in (
        Program("reverse", _reverse, lambda text: text[0], _any(6, 7)),
        Program("fraction", _fraction, _share_level, _draw_fraction),
        Program("sort", _sort, max, _any(7, 7)),
        Program("most-frequent", _most_frequent, lambda text: max(set(text), key=text.count), _draw_most_frequent),
        Program("double-histogram", _double_histogram, _double, _any(4, 7)),
        Program("parentheses", _parentheses, _balanced, _draw_brackets),
        Program("induction", _induction, _after, _draw_induction),
    )
}
