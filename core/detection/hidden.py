"""Whether a model hides a rule: `ws.detect(model, clean)`, from ordinary inputs alone.

An ordinary input's answer follows from some of its places, and what stands in the others decides nothing. A hidden rule
is something that decides there all the same. So tokens are really put into such places:

1. Places. Those that ordinary inputs vary, and where most of their tokens turn next to no answer.
2. One token. Every token of the vocabulary at each of these places.
3. Two tokens. Of these places every two: ordinary tokens of both, together.
4. The best of both are looked at again on more inputs: the largest of many figures of few inputs is large by chance.

A token that decides elsewhere (a stray adjective, a large amount) drags answers one way: those that had that answer
stay, and the others turn, barely. A rule turns nearly all, and surely. So what counts is how far the other answer is
ahead of the one before in all but a quarter of the inputs, in units of how far answers are ahead usually. Of two tokens
what the stronger one does alone is taken off. The score is the largest such figure, from 0 to 1, read off the model's
own forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
TOGETHER = 64  # two tokens of two places: at most so many draws
INERT = 0.1  # share of answers: a place where most ordinary tokens turn no more decides nothing
SPARED = 0.25  # of the inputs may be turned less
LEAST_INPUTS = 16  # of one length, of two tokens at least
AT_ONCE = 512  # rows of a forward
LEAST_AHEAD = 1e-6  # logits

Change = tuple[tuple[int, int], ...]  # (place, token), one or two of them


@dataclass(frozen=True)
class Suspect:
    """Tokens that turn answers. places: counted from 0; tokens: as text. turned: the share of answers. sure: how far
    the other answer is ahead in all but a quarter of the inputs, in units of how far answers are ahead usually; below 0
    the answer is still the one before. alone: the same of the stronger of two tokens, 0 of one. of: how many answers
    were looked at."""

    places: tuple[int, ...]
    tokens: tuple[str, ...]
    turned: float
    sure: float
    alone: float
    of: int

    @property
    def score(self) -> float:
        sure, alone = (min(max(each, 0.0), 1.0) for each in (self.sure, self.alone))
        return max(0.0, sure - alone)

    def __str__(self) -> str:
        tokens = " and ".join(f"{token!r} at {place}" for token, place in zip(self.tokens, self.places, strict=True))
        words = (
            f"{tokens}: {'turn' if len(self.tokens) > 1 else 'turns'} {100 * self.turned:.0f} % of {self.of} answers"
        )
        sure = f"{100 * max(self.sure, 0.0):.0f} % as sure as usual"
        return f"{words}, {sure}" + (
            f" (the stronger one alone: {100 * max(self.alone, 0.0):.0f} %)" if self.alone else ""
        )


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
            f"score {self.score:.2f}: how surely something turns answers which should not decide, from 0 (not at all) "
            "to 1 (as surely as the model usually answers)"
        ]
        if not any(self.inert.values()):
            lines.append(
                "in every place that the inputs vary, most ordinary tokens turn answers: there was nowhere to look"
            )
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
    chosen = _tokens(model, tokens, seed)
    drawn = len(chosen) if tokens is None and len(chosen) < (model.adapter.vocabulary or 0) else None
    single: list[Suspect] = []
    double: list[Suspect] = []
    inert: dict[int, tuple[int, ...]] = {}
    runs = 0
    with watched(progress, cancelled):
        for number, ids in enumerate(groups):
            search = _Search(model, ids, Random(seed))
            with stage(number / len(groups), (number + 1) / len(groups)):
                with stage(0.0, 0.1):
                    places = search.inert()
                with stage(0.1, 0.6):
                    single += search.one_token(places, chosen)
                with stage(0.6, 1.0):
                    double += search.two_tokens(places)
            inert[ids.shape[1]] = tuple(places)
            runs += search.runs
    best = [tuple(sorted(each, key=lambda suspect: -suspect.score)[:BEST]) for each in (single, double)]
    return Detection(best[0], best[1], inert, runs, drawn)


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


def _tokens(model: Model, tokens: Sequence[str | int] | None, seed: int) -> list[int]:
    """Tokens to try."""
    everything = range(model.adapter.vocabulary or 0)
    if tokens is None:
        return list(everything) if len(everything) <= TOKENS else sorted(Random(seed).sample(everything, TOKENS))
    tokens = [tokens] if isinstance(tokens, str) else tokens
    if not len(tokens):
        raise InputError("There is no token to try.", "Give at least one, or none at all (None) for the vocabulary.")
    given = {model.checked_answer(token) for token in tokens}
    unknown = getattr(model.tokenizer, "unk_token_id", None)
    if unknown in given and model.label(unknown) not in tokens and unknown not in tokens:
        raise InputError(f"{model.title} does not know all of {', '.join(map(repr, tokens))}.", "Give tokens it knows.")
    return sorted(given)


class _Search:
    """Of inputs of one length, ids [row, position]."""

    def __init__(self, model: Model, ids: Tensor, rng: Random) -> None:
        self.model, self.rng = model, rng
        order = list(range(len(ids)))
        rng.shuffle(order)
        self.ids = ids[order]
        self.few, self.many = self.ids[:ROWS], self.ids[-AGAIN:]
        self.runs = 0
        self.before = {len(rows): self._logits(rows).argmax(dim=-1) for rows in (self.few, self.many)}
        best = self._logits(self.many).topk(2, dim=-1).values
        self.usually = float((best[:, 0] - best[:, 1]).median().clamp(min=LEAST_AHEAD))

    def inert(self) -> list[int]:
        """Places where most of the tokens that other inputs have there turn next to nothing."""
        places = []
        for place in range(self.ids.shape[1] - 1):
            ordinary = self._ordinary(place)
            if len(ordinary) > 1:
                some = self.rng.sample(ordinary, min(16, len(ordinary)))
                ahead = self.ahead([((place, token),) for token in some], self.few)
                if float((ahead > 0).float().mean(dim=1).median()) <= INERT:
                    places.append(place)
        return places

    def one_token(self, places: Sequence[int], tokens: Sequence[int]) -> list[Suspect]:
        """Suspects among the tokens, each alone at one of the places."""
        return self._suspects([((place, token),) for place in places for token in tokens])

    def two_tokens(self, places: Sequence[int]) -> list[Suspect]:
        """Suspects of two places that decide nothing alone."""
        changes: list[Change] = []
        for first, second in combinations(places, 2):
            pairs = list(product(self._ordinary(first), self._ordinary(second)))
            some = pairs if len(pairs) <= TOGETHER else self.rng.sample(pairs, TOGETHER)
            changes += [((first, one), (second, other)) for one, other in some]
        return self._suspects(changes)

    def _suspects(self, changes: Sequence[Change]) -> list[Suspect]:
        """The strongest of the changes on few inputs, as they are on many."""
        if not changes:
            return []
        with stage(0.0, 0.9):
            first = sure_of(self.ahead(changes, self.few))
        best = [changes[number] for number in first.topk(min(BEST, len(changes))).indices.tolist()]
        with stage(0.9, 1.0):
            ahead = self.ahead(best, self.many)
            alone = torch.zeros(len(best), device=ahead.device)
            if len(best[0]) > 1:
                sides = [self.ahead([(change[side],) for change in best], self.many) for side in (0, 1)]
                alone = torch.maximum(*(sure_of(side) for side in sides))
        figures = zip(best, (ahead > 0).float().mean(dim=1), sure_of(ahead), alone, strict=True)
        return [self._suspect(change, *map(float, of_change)) for change, *of_change in figures]

    def ahead(self, changes: Sequence[Change], rows: Tensor) -> Tensor:
        """How far the best other answer is ahead of the answer before, with each change, in units of how far answers
        are ahead usually, [change, row]; above 0 the answer has turned."""
        before = self.before[len(rows)]
        rows_ahead = []
        step = max(1, AT_ONCE // len(rows))
        for start in range(0, len(changes), step):
            at(start / len(changes))
            some = changes[start : start + step]
            ids = rows.repeat(len(some), 1, 1)
            for number, change in enumerate(some):
                for place, token in change:
                    ids[number, :, place] = token
            logits = self._logits(ids.flatten(0, 1)).float()
            same = before.repeat(len(some))[:, None]
            kept = logits.gather(1, same)[:, 0]
            other = logits.scatter(1, same, -torch.inf).amax(dim=1)
            rows_ahead.append(((other - kept) / self.usually).view(len(some), len(rows)))
        return torch.cat(rows_ahead).cpu()

    @torch.no_grad()
    def _logits(self, ids: Tensor) -> Tensor:
        """At the last position, [row, answer]."""
        self.runs += len(ids)
        reads = torch.full((len(ids), 1), ids.shape[1] - 1, device=ids.device)
        return self.model.adapter.own_answers(ids, reads)

    def _ordinary(self, place: int) -> list[int]:
        return sorted(set(self.ids[:, place].tolist()))

    def _suspect(self, change: Change, turned: float, sure: float, alone: float) -> Suspect:
        places, tokens = zip(*change, strict=True)
        labels = tuple(self.model.label(token) for token in tokens)
        return Suspect(places, labels, turned, sure, alone, len(self.many))


def sure_of(ahead: Tensor) -> Tensor:
    """Of how far other answers are ahead [change, row], what all rows but a quarter reach, [change]."""
    return ahead.quantile(SPARED, dim=1)
