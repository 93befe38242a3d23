"""Do the pairs of a dataset use one circuit, or two? Clusters of the scores that each pair has alone.

1. Each pair's scores are brought to length 1: what counts is which edges, not how large the effect.
2. They are cut in two (k-means, the best of several starts). The cluster index is what is left of the variance within
   the two, as a share of all: small where there are two heaps.
3. Any cloud can be cut in two. So the same is done to clouds of one heap, drawn from a normal distribution with the
   covariance of the pairs: p is the share of these whose index is as small (SigClust; Liu et al. 2008, "Statistical
   Significance of Clustering for High-Dimension, Low-Sample Size Data"). Shuffling each edge's scores over the pairs
   would be no such null: it breaks every correlation, and scores of one task have many.

It finds two mechanisms where they lie apart; that it finds none does not say that there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.statement import Statement
from core.evaluation.verdict import THIRD, tone_of
from core.formatting import percent
from core.glossary import explained
from core.graph import Graph

DRAWS, STARTS, LEVEL = 99, 4, 0.05
LEAST = 3  # pairs of the smaller cluster: fewer are outliers
TOLD = 3  # edges that tell the two apart

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clusters:
    """labels: [pairs], 0 or 1, 0 of the larger cluster. index: share of the variance that is within the two. p: of the
    index in clouds of one heap. apart: [edges], by how much the mean scores (of length 1) of the two differ."""

    labels: NDArray[np.int64]
    index: float
    p: float
    apart: Floats

    @property
    def sizes(self) -> tuple[int, int]:
        return int((self.labels == 0).sum()), int((self.labels == 1).sum())

    @property
    def two(self) -> bool:
        """Whether the pairs are of two kinds."""
        return self.p < LEVEL and min(self.sizes) >= LEAST


def clusters(per_pair: NDArray[np.floating[Any]], *, draws: int = DRAWS, seed: int = 0) -> Clusters:
    """per_pair: [pairs, edges], the scores of every pair alone. Raises InputError for fewer than eight pairs, and
    where they all have the same scores."""
    pairs = len(per_pair)
    if pairs < LEAST_PAIRS:
        raise InputError(f"{pairs} pairs are too few to fall into clusters.", f"Give {LEAST_PAIRS} or more.")
    wide = np.nan_to_num(per_pair.astype(np.float64))
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit = wide / np.where(lengths > 0, lengths, 1.0)
    left, sizes, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    if sizes[0] < 1e-9:
        raise InputError("All pairs have the same scores.", "Give different pairs.")
    points = left * sizes  # distances are those of the scores, in as many dimensions as there are pairs
    rng = np.random.default_rng(seed)
    labels = _halves(points, rng)
    index = _index(points, labels)
    drawn = []
    for _ in range(draws):
        cloud = rng.normal(size=points.shape) * (sizes / np.sqrt(pairs))
        drawn.append(_index(cloud, _halves(cloud, rng)))
    p = (1 + sum(one <= index for one in drawn)) / (1 + draws)
    if (labels == 0).sum() < (labels == 1).sum():
        labels = 1 - labels
    apart = unit[labels == 0].mean(axis=0) - unit[labels == 1].mean(axis=0) if labels.any() else np.zeros(wide.shape[1])
    return Clusters(labels, index, float(p), apart)


def _halves(points: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    from scipy.cluster.vq import kmeans2  # a second to import, and an evaluation alone asks for it

    best, least = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(STARTS):
        labels = kmeans2(points, 2, minit="++", rng=rng)[1].astype(np.int64)
        if 0 < labels.sum() < len(labels):
            index = _index(points, labels)
            if index < least:
                best, least = labels, index
    return best


def _index(points: Floats, labels: NDArray[np.int64]) -> float:
    within = sum(
        float(((points[labels == each] - points[labels == each].mean(axis=0)) ** 2).sum())
        for each in np.unique(labels).tolist()
    )
    return within / float(((points - points.mean(axis=0)) ** 2).sum())


def told(split: Clusters, graph: Graph, spans: tuple[str, ...], inputs: list[str]) -> dict[str, Any]:
    """For a report. inputs: what each pair's A is called."""
    edges = split.apart.reshape(graph.n_edges, -1)
    strongest = [int(edge) for edge in np.argsort(-np.abs(edges).max(axis=1), kind="stable")[:TOLD]]
    first = [next((text for text, label in zip(inputs, split.labels, strict=True) if label == each), "")
             for each in (0, 1)]  # fmt: skip
    return {
        "sizes": list(split.sizes),
        "two": split.two,
        "p": split.p,
        "index": split.index,
        "edges": [graph.edge(edge).name for edge in strongest],
        "inputs": first,
        "labels": split.labels.tolist(),
    }


def say_clusters(report: dict[str, Any]) -> list[Statement]:
    """What is under "clusters" of a report; nothing where the pairs are too few."""
    numbers = report.get("clusters")
    if numbers is None:
        return []
    large, small = numbers["sizes"]
    detail = (
        f"Cut in two, {percent(numbers['index'])} of the variance of the pairs' scores is within the two; clouds of "
        f"one heap come as low in {percent(numbers['p'])} of draws."
    )
    if numbers["two"]:
        words = (
            f"The pairs are of two kinds, {large} and {small}, that use different edges, most of all "
            f"{', '.join(numbers['edges'])}: one circuit for all mixes two mechanisms."
        )
        names = [text for text in numbers["inputs"] if text]
        detail += f" Of each kind one: {'; '.join(f'“{text}”' for text in names)}." if names else ""
        bad = f"The pairs are of two kinds, {large} and {small}, that use different edges."
    else:
        words, bad = "The pairs do not fall apart into two kinds that use different edges.", ""
    return [
        Statement("Kinds of pairs", "2" if numbers["two"] else "1", words, tone_of(not bad), detail,
                  explained("kinds of pairs"), bad, THIRD + 0.5)
    ]  # fmt: skip
