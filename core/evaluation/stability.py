"""Stability: would other pairs of the same task have given the same circuit?

Steps:
1. Score every pair alone.
2. Draw as many pairs with replacement, average their scores, take the best edges (a bootstrap; Efron 1979).
3. Compare each such circuit with that of all pairs: Jaccard overlap, shared edges / edges in either.
4. A draw has pairs in common with the whole, so that even scores that mean nothing overlap. Their level: the same draws
   where each pair's scores are shuffled over the edges that have any: those that can carry nothing, as at spans before
   the first difference of A and B, are in no circuit by chance either.
5. Split halves have nothing in common: cut the pairs at random in two, and compare the circuits of both halves; their
   level likewise.

Two circuits of one task can both be faithful and share next to nothing: read the overlap beside what is recovered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.circuit import Circuit
from core.errors import InputError

SPLITS, SHUFFLES = 50, 20  # at most: halves, and levels of chance


@dataclass(frozen=True)
class Stability:
    """overlaps: [draws], Jaccard of each bootstrap circuit with that of all pairs. between: the mean overlap of
    one bootstrap circuit with the next. frequency: [edges], in which share of them each edge is. random: [draws], the
    overlaps where each pair's scores are shuffled over the edges. halves, random_halves: [draws], those of two halves
    of the pairs, and of two halves whose scores are shuffled."""

    size: int
    pairs: int
    overlaps: NDArray[np.float64]
    between: float
    frequency: NDArray[np.float64]
    random: NDArray[np.float64]
    halves: NDArray[np.float64]
    random_halves: NDArray[np.float64]

    @property
    def shared(self) -> float:
        """Of the edges of a bootstrap circuit, the share that are in that of all pairs too, on average."""
        return float(np.mean([shared_edges(each) for each in self.overlaps]))

    @property
    def mean(self) -> float:
        return float(self.overlaps.mean())

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        low, high = np.quantile(self.overlaps, ((1 - level) / 2, (1 + level) / 2))
        return float(low), float(high)


def stability(
    per_pair: NDArray[np.floating],
    size: int,
    *,
    draws: int = 100,
    by_size: bool = False,
    seed: int = 0,
    direction: int | None = None,
) -> Stability:
    """per_pair: [pairs, edges], the scores of every pair, or [pairs, edges * spans]. size: edges of the circuit.
    direction: A's, where the scores have a sign (see `Scores`). Raises InputError for one pair."""
    pairs, edges = per_pair.shape
    if pairs < 2:
        raise InputError("One pair cannot tell how stable a circuit is.", "Trace a dataset of ten pairs or more.")
    rng = np.random.default_rng(seed)

    def best(scores: NDArray[np.floating]) -> NDArray[np.bool_]:
        keys = np.abs(scores) if by_size else -scores if direction == -1 else scores
        kept = np.zeros(edges, dtype=bool)
        kept[np.argsort(-keys, kind="stable")[:size]] = True
        return kept

    of_all = best(per_pair.mean(axis=0))
    weights = rng.multinomial(pairs, np.full(pairs, 1 / pairs), size=draws) / pairs  # how often each pair was drawn
    drawn = np.stack([best(weight @ per_pair) for weight in weights])
    overlaps = np.array([overlap(of_all, each) for each in drawn])
    others = [overlap(drawn[i], drawn[i + 1]) for i in range(draws - 1)]
    between = float(np.mean(others)) if others else 1.0

    def of_halves(scores: NDArray[np.floating]) -> float:
        order = rng.permutation(pairs)
        first, second = order[: pairs // 2], order[pairs // 2 :]
        return overlap(best(scores[first].mean(axis=0)), best(scores[second].mean(axis=0)))

    halves = np.array([of_halves(per_pair) for _ in range(min(draws, SPLITS))])
    alive = (per_pair != 0).any(axis=0)
    random, random_halves = np.empty(min(draws, SHUFFLES)), np.empty(min(draws, SHUFFLES))
    for number in range(len(random)):
        shuffled = per_pair.copy()
        shuffled[:, alive] = rng.permuted(per_pair[:, alive], axis=1)
        random[number] = overlap(best(shuffled.mean(axis=0)), best(weights[number] @ shuffled))
        random_halves[number] = of_halves(shuffled)
    return Stability(size, pairs, overlaps, between, drawn.mean(axis=0), random, halves, random_halves)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Jaccard: 1 for two empty sets."""
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 1.0


def shared_edges(jaccard: float) -> float:
    """The share of its edges that a circuit has in common with another one of as many edges, of their Jaccard overlap:
    0.5 of both together are 2/3 of each."""
    return 2 * jaccard / (1 + jaccard)


def kept(circuit: Circuit) -> NDArray[np.bool_]:
    """Which edges of its graph a circuit has: [edges]; of a circuit at spans [edges * spans]."""
    mask = np.zeros(circuit.graph.n_edges * max(1, len(circuit.spans)), dtype=bool)
    mask[circuit.parts] = True
    return mask
