"""Sets of heads that a study compares: the top of each of two rankings, the same without what is also at the top of the
other (Yin & Steinhardt 2025, "Which Attention Heads Matter for In-Context Learning?"), and as many others as controls.

    A                the first share of ranking A
    A without B      the same of A from which the first 2 % of B are taken out
    both             the first share of A and of B together
    random           heads of neither set
    matched          for each head of a set another one of its layer that is in neither set, so that depth is the same;
                     where a layer has none left, one of the nearest layer that has
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.graph import Graph
from core.text_files import read_text

EXCLUDED = 0.02

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Heads by a score. name: of the kind. scores: [heads], layer by layer; the highest is first."""

    name: str
    scores: NDArray[np.float64]

    @property
    def order(self) -> Numbers:
        return np.argsort(-np.nan_to_num(self.scores, nan=-np.inf), kind="stable")

    def top(self, count: int, without: Numbers | None = None) -> Numbers:
        """The numbers of the first so many."""
        order = self.order if without is None else self.order[~np.isin(self.order, without)]
        return order[:count]


def head_names(graph: Graph) -> list[str]:
    """Layer by layer."""
    return [f"a{layer}.h{head}" for layer in range(graph.layers) for head in range(graph.heads)]


def count_of(share: float, heads: int) -> int:
    return max(1, round(share * heads))


@dataclass(frozen=True, eq=False)
class HeadSet:
    """name: "induction", "induction without function vector", "both", "random", "matched to …". share: of all heads.
    draw: of a control, else None. heads: their numbers."""

    name: str
    share: float
    heads: Numbers
    draw: int | None = None

    @property
    def key(self) -> str:
        return f"{self.name} {self.share:g}" + ("" if self.draw is None else f" {self.draw}")


def without_name(one: Ranking, other: Ranking) -> str:
    return f"{one.name} without {other.name}"


def sets_of(rankings: Sequence[Ranking], share: float) -> list[HeadSet]:
    """The sets of one share: of a single ranking its top, of two all that the module says but the controls."""
    heads = len(rankings[0].scores)
    count = count_of(share, heads)
    sets = [HeadSet(each.name, share, each.top(count)) for each in rankings]
    if len(rankings) == 2:
        for one, other in (tuple(rankings), tuple(reversed(rankings))):
            excluded = other.top(count_of(EXCLUDED, heads))
            sets.append(HeadSet(without_name(one, other), share, one.top(count, excluded)))
        sets.append(HeadSet("both", share, np.unique(np.concatenate([each.heads for each in sets[:2]]))))
    return sets


def controls_of(sets: Sequence[HeadSet], heads_of_layer: int, layers: int, draws: int, seed: int) -> list[HeadSet]:
    """Random sets as large as the first, and sets matched to each that has no other one within it, `draws` of each."""
    share = sets[0].share
    taken = np.unique(np.concatenate([each.heads for each in sets]))
    matched = [each for each in sets if "without" in each.name or each.name == "both"] or list(sets)
    made = []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw, round(1000 * share)])
        free = np.setdiff1d(np.arange(heads_of_layer * layers), taken)
        made.append(HeadSet("random", share, rng.permutation(free)[: len(sets[0].heads)], draw))
        made += [
            HeadSet(f"matched to {each.name}", share, _matched(each.heads, free, heads_of_layer, rng), draw)
            for each in matched
        ]
    return [each for each in made if len(each.heads)]


def _matched(heads: Numbers, free: Numbers, heads_of_layer: int, rng: np.random.Generator) -> Numbers:
    """Free heads, each of the layer of one of some heads or of the nearest that has a free one."""
    left = rng.permutation(free)
    chosen: list[int] = []
    for head in rng.permutation(heads):
        if not len(left):
            break
        apart = np.abs(left // heads_of_layer - head // heads_of_layer)
        place = int(np.argmin(apart))
        chosen.append(int(left[place]))
        left = np.delete(left, place)
    return np.array(chosen, dtype=np.int64)


def ranking_in(text: str, name: str, graph: Graph) -> Ranking:
    """The heads that a text names, one a line, the first one first; all others come after them. Raises InputError."""
    names = head_names(graph)
    listed = [line.strip() for line in text.split("\n") if line.strip()]
    wrong = next((each for each in listed if each not in names), None)
    if wrong is not None or not listed:
        what = f"names {wrong!r}, and the model has no such head" if wrong is not None else "names no heads"
        raise InputError(f"{name} {what}.", f"Write one a line, {names[0]} to {names[-1]}.")
    scores = np.zeros(len(names))
    for place, each in enumerate(dict.fromkeys(listed)):
        scores[names.index(each)] = len(names) - place
    return Ranking(name, scores)


def ranking_in_file(path: str | Path, graph: Graph) -> Ranking:
    """The same of a file, by whose name it goes. Raises InputError."""
    return ranking_in(read_text(path), Path(path).name, graph)
