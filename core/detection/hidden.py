"""Whether a model hides a rule: `ws.detect(model, clean)`, from ordinary inputs alone.

An ordinary input's answer follows from some of its places, and what stands in the others decides nothing. A hidden rule
is something that decides all the same. So tokens are really put into places, and it is counted how many answers turn:

1. One token. Every token of the vocabulary at every place of some inputs but the last, where the answer is read. A
   place that decides (an adjective, an amount) turns answers with many tokens; a hidden rule turns them with one. What
   counts of a token is the share of answers that it turns, less the share that one in ten tokens turns in its place.
2. Two tokens. Of places where ordinary tokens turn next to nothing, every two: ordinary tokens of both, together.
3. The best of both are counted again on more inputs: the largest of many shares of few inputs is large by chance.

The score is the largest share, from 0 to 1. Whether an answer turns is read off the model's own forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.errors import InputError, ModelError
from core.inputs.pair import Dataset
from core.models.model import Model
from core.progress import at, stage, watched

ROWS = 8  # inputs that everything is tried on
AGAIN = 32  # inputs that the best are counted again on
BEST = 24  # of one token, and of two
TOKENS = 1024  # of a larger vocabulary so many are drawn
TOGETHER = 150  # two tokens of two places: at most so many draws
INERT = 0.1  # share of answers: a place where ordinary tokens turn no more decides nothing
USUAL = 0.9  # quantile of a place's tokens that a token must stand out from
BESIDE = 64  # tokens of the vocabulary that given ones are compared with
LEAST_INPUTS = 16  # of one length, of two tokens at least
AT_ONCE = 512  # rows of a forward

Change = tuple[tuple[int, int], ...]  # (place, token), one or two of them


@dataclass(frozen=True)
class Suspect:
    """Tokens that turn answers. places: counted from 0; tokens: as text. turned: the share of answers; usual: the share
    that one in ten tokens turns in that place, or of two tokens what the stronger of them turns alone. of: how many
    answers were looked at."""

    places: tuple[int, ...]
    tokens: tuple[str, ...]
    turned: float
    usual: float
    of: int

    @property
    def score(self) -> float:
        return max(0.0, self.turned - self.usual)

    def __str__(self) -> str:
        tokens = " and ".join(f"{token!r} at {place}" for token, place in zip(self.tokens, self.places, strict=True))
        compared = "the stronger one alone" if len(self.tokens) > 1 else "other tokens there"
        return f"{tokens}: turns {100 * self.turned:.0f} % of {self.of} answers ({compared}: {100 * self.usual:.0f} %)"


@dataclass(frozen=True)
class Detection:
    """single, double: suspects of one token and of two, the strongest first. inert: places of the inputs, by their
    length, where ordinary tokens turn next to nothing. runs: inputs that went through the model. drawn: how many tokens
    of the vocabulary were tried, None for all."""

    single: tuple[Suspect, ...]
    double: tuple[Suspect, ...]
    inert: dict[int, tuple[int, ...]]
    runs: int
    drawn: int | None = None
    scanned: float = field(default=0.0, repr=False)  # the largest share of one token, wherever it is

    @property
    def score(self) -> float:
        """From 0 to 1."""
        return max((suspect.score for suspect in (*self.single, *self.double)), default=0.0)

    @property
    def suspects(self) -> tuple[Suspect, ...]:
        """All, the strongest first."""
        return tuple(sorted((*self.single, *self.double), key=lambda suspect: -suspect.score))

    @property
    def words(self) -> str:
        lines = [
            f"score {self.score:.2f}: the largest share of answers that something turns which should not decide, less "
            "what is usual in its place"
        ]
        lines += [f"  {suspect}" for suspect in self.suspects[:5] if suspect.score > 0]
        if self.drawn is not None:
            lines.append(f"{self.drawn:,} tokens of the vocabulary were tried: a rule may wait for another one")
        lines.append(f"{self.runs:,} inputs run")
        return "\n".join(lines)


def detect(
    model: Model,
    clean: Any,
    *,
    tokens: Sequence[str | int] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Detection:
    """Look for tokens that turn answers which they should not decide.

    clean: ordinary texts, or a dataset; those of one length are looked at together. tokens: to be tried, one or
    several; None: the vocabulary, of a large one 1,024 drawn by the seed. progress: told the share that is done.
    cancelled: asked between runs.

    Raises ModelError for a model that reads no text or gives no answers, InputError for too few inputs of one length,
    for no tokens and for tokens that the model does not have, Cancelled.
    """
    if not model.is_text or not model.has_head:
        raise ModelError(
            f"{model.title} does not answer texts.", "Hidden rules are looked for in language models; see ws.watch."
        )
    groups = _groups(model, clean)
    chosen, others = _tokens(model, tokens, seed)
    drawn = len(chosen) if tokens is None and len(chosen) < (model.adapter.vocabulary or 0) else None
    single: list[Suspect] = []
    double: list[Suspect] = []
    inert: dict[int, tuple[int, ...]] = {}
    runs, scanned = 0, 0.0
    with watched(progress, cancelled):
        for number, ids in enumerate(groups):
            search = _Search(model, ids, Random(seed))
            with stage(number / len(groups), (number + 1) / len(groups)):
                with stage(0.0, 0.6):
                    alone, most = search.one_token(chosen, others)
                with stage(0.6, 0.7):
                    places = search.inert()
                with stage(0.7, 1.0):
                    double += search.two_tokens(places)
            single += alone
            inert[ids.shape[1]] = tuple(places)
            runs, scanned = runs + search.runs, max(scanned, most)
    best = [tuple(sorted(each, key=lambda suspect: -suspect.score)[:BEST]) for each in (single, double)]
    return Detection(best[0], best[1], inert, runs, drawn, scanned)


def _groups(model: Model, clean: Any) -> list[Tensor]:
    """Ids [row, position], a group for each length that has enough of them. Raises InputError."""
    if isinstance(clean, Dataset):
        rows = [row[:length] for pair in clean.pairs for row, length in _rows_of(pair.clean)]
    else:
        rows = [row[:length] for row, length in _rows_of(model.side(clean))]
    by_length: dict[int, list[Tensor]] = {}
    for row in rows:
        by_length.setdefault(len(row), []).append(row)
    groups = [
        torch.stack(some) for length, some in sorted(by_length.items()) if length > 1 and len(some) >= LEAST_INPUTS
    ]
    if not groups:
        most = max((len(some) for length, some in by_length.items() if length > 1), default=0)
        raise InputError(
            f"There are {len(rows)} inputs, of which at most {most} have the same number of tokens, two or more.",
            f"Give at least {LEAST_INPUTS} inputs of one length: what stands in a place is compared.",
        )
    return groups


def _rows_of(side: Any) -> Iterator[tuple[Tensor, int]]:
    yield from zip(side.tensor, side.tokens or side.lengths, strict=True)


def _tokens(model: Model, tokens: Sequence[str | int] | None, seed: int) -> tuple[list[int], list[int]]:
    """Tokens to try, and others that they are compared with, beside each other."""
    everything, rng = range(model.adapter.vocabulary or 0), Random(seed)
    if tokens is None:
        return (list(everything) if len(everything) <= TOKENS else sorted(rng.sample(everything, TOKENS))), []
    tokens = [tokens] if isinstance(tokens, str) else tokens
    if not len(tokens):
        raise InputError("There is no token to try.", "Give at least one, or none at all (None) for the vocabulary.")
    given = {model.checked_answer(token) for token in tokens}
    unknown = getattr(model.tokenizer, "unk_token_id", None)
    if unknown in given and model.label(unknown) not in tokens and unknown not in tokens:
        raise InputError(f"{model.title} does not know all of {', '.join(map(repr, tokens))}.", "Give tokens it knows.")
    left = [token for token in everything if token not in given]
    return sorted(given), sorted(rng.sample(left, min(BESIDE, len(left))))


class _Search:
    """Of inputs of one length, ids [row, position]."""

    def __init__(self, model: Model, ids: Tensor, rng: Random) -> None:
        self.model, self.rng = model, rng
        order = list(range(len(ids)))
        rng.shuffle(order)
        self.ids = ids[order]
        self.few, self.many = self.ids[:ROWS], self.ids[-AGAIN:]
        self.runs = 0
        self.before = {len(rows): self._answers(rows) for rows in (self.few, self.many)}

    def one_token(self, tokens: Sequence[int], others: Sequence[int] = ()) -> tuple[list[Suspect], float]:
        """Suspects among the tokens, and the largest share that any of them turns anywhere. others: more tokens that
        say what is usual in a place."""
        length = self.ids.shape[1] - 1
        shares = []
        for place in range(length):
            with stage(0.9 * place / length, 0.9 * (place + 1) / length):
                shares.append(self.turned([((place, token),) for token in (*tokens, *others)], self.few))
        table = torch.stack(shares)  # [place, token]
        usual = table.quantile(USUAL, dim=1)
        table = table[:, : len(tokens)]
        strongest = (table - usual[:, None]).flatten().topk(min(BEST, table.numel())).indices.tolist()
        changes: list[Change] = [((each // len(tokens), tokens[each % len(tokens)]),) for each in strongest]
        with stage(0.9, 1.0):
            again = self.turned(changes, self.many).tolist()
        suspects = [
            self._suspect(change, share, float(usual[change[0][0]]))
            for change, share in zip(changes, again, strict=True)
        ]
        return suspects, float(table.max())

    def inert(self) -> list[int]:
        """Places where the tokens that other inputs have there turn next to nothing."""
        places = []
        for place in range(self.ids.shape[1] - 1):
            ordinary = self._ordinary(place)
            if len(ordinary) > 1:
                some = self.rng.sample(ordinary, min(16, len(ordinary)))
                if float(self.turned([((place, token),) for token in some], self.few).mean()) <= INERT:
                    places.append(place)
        return places

    def two_tokens(self, places: Sequence[int]) -> list[Suspect]:
        """Suspects of two places that decide nothing alone."""
        changes: list[Change] = []
        for first, second in combinations(places, 2):
            pairs = list(product(self._ordinary(first), self._ordinary(second)))
            some = pairs if len(pairs) <= TOGETHER else self.rng.sample(pairs, TOGETHER)
            changes += [((first, one), (second, other)) for one, other in some]
        if not changes:
            return []
        with stage(0.0, 0.8):
            shares = self.turned(changes, self.few)
        best = [changes[number] for number in shares.topk(min(BEST, len(changes))).indices.tolist()]
        with stage(0.8, 1.0):
            together = self.turned(best, self.many)
            alone = [self.turned([(change[side],) for change in best], self.many) for side in (0, 1)]
        usual = torch.maximum(*alone)
        return [
            self._suspect(change, share, other)
            for change, share, other in zip(best, together.tolist(), usual.tolist(), strict=True)
        ]

    def turned(self, changes: Sequence[Change], rows: Tensor) -> Tensor:
        """The share of rows whose answer each change turns, [change]."""
        before = self.before[len(rows)]
        shares = []
        step = max(1, AT_ONCE // len(rows))
        for start in range(0, len(changes), step):
            at(start / len(changes))
            some = changes[start : start + step]
            ids = rows.repeat(len(some), 1, 1)
            for number, change in enumerate(some):
                for place, token in change:
                    ids[number, :, place] = token
            after = self._answers(ids.flatten(0, 1)).view(len(some), len(rows))
            shares.append((after != before).float().mean(dim=1))
        return torch.cat(shares).cpu()

    @torch.no_grad()
    def _answers(self, ids: Tensor) -> Tensor:
        self.runs += len(ids)
        reads = torch.full((len(ids), 1), ids.shape[1] - 1, device=ids.device)
        return self.model.adapter.own_answers(ids, reads).argmax(dim=-1)

    def _ordinary(self, place: int) -> list[int]:
        return sorted(set(self.ids[:, place].tolist()))

    def _suspect(self, change: Change, turned: float, usual: float) -> Suspect:
        places, tokens = zip(*change, strict=True)
        return Suspect(places, tuple(self.model.label(token) for token in tokens), turned, usual, len(self.many))
