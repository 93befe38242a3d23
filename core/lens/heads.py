"""What a head does on this input, as numbers with published definitions. Descriptions, not explanations: a head may do
something else on another input, and a number says nothing of why.

Text (A the attention [query, key], means over the queries that have such a key):
- previous token: A[i, i - 1] (Olsson et al. 2022, "In-context Learning and Induction Heads").
- duplicate token: attention to earlier positions of the same token (Wang et al. 2022, "Interpretability in the Wild").
- induction: attention to positions right after an earlier one of the same token (Olsson et al. 2022: prefix matching).
- first position: A[i, 0], from the third query on (Xiao et al. 2023: attention sinks).
- copying: of the queries, how many push the token that they read most among the five that they push most (Wang et al.
  2022, section 3.3: copy score, here of what the head really wrote).

Images (over the queries that are patches):
- class token: attention to CLS and registers (Darcet et al. 2023).
- itself: A[i, i].
- neighbours: attention to the up to eight patches around the query's (Raghu et al. 2021, "Do Vision Transformers See
  Like Convolutional Neural Networks?", use the mean distance).
- distance: the mean distance of what is read, over that of attention that is even over the patches; far below 1 is
  local, 1 global (Dosovitskiy et al. 2021, figure 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.heads.places import MASKS

Weights = NDArray[np.float32]
_DISTANCES = "cf. Raghu et al. 2021"


@dataclass(frozen=True)
class Trait:
    """One score. value: from 0 to 1, but for the distance. source: where the score is published. words: what was
    counted. over: how many queries; a score over none is left out."""

    name: str
    value: float
    words: str
    source: str
    over: int


def token_traits(weights: Weights, ids: Sequence[int], pushed: Sequence[Sequence[int]] | None = None) -> list[Trait]:
    """The scores of a head on text, the highest first.

    weights: [query, key]. ids: the token at each position. pushed: at each query the tokens that the head pushes most;
    None where nothing can be said of them.
    """
    n = len(ids)
    tokens = np.asarray(ids)
    previous, same, after_same = (mask(ids) for mask in MASKS.values())
    first = np.zeros((n, n), dtype=bool)
    first[2:, 0] = True
    traits = [
        _attention_to(previous, weights, "previous token", "attention to the token before", "Olsson et al. 2022"),
        _attention_to(
            same, weights, "duplicate token", "attention to earlier copies of the same token", "Wang et al. 2022"
        ),
        _attention_to(
            after_same, weights, "induction", "attention to what followed an earlier copy", "Olsson et al. 2022"
        ),
        _attention_to(first, weights, "first position", "attention to the first position", "Xiao et al. 2023"),
    ]
    if pushed is not None:
        queries = range(1, n)
        hits = [bool(int(tokens[int(weights[i].argmax())]) in list(pushed[i])[:5]) for i in queries]
        words = "queries that push the token they read most among their first five"
        traits.append(Trait("copying", float(np.mean(hits or [False])), words, "Wang et al. 2022", len(hits)))
    return _ranked(traits)


def patch_traits(weights: Weights, grid: tuple[int, int], prefix: int) -> list[Trait]:
    """The scores of a head on a picture. weights: [query, key] over the prefix positions and then the patches, row by
    row. The mean distance comes last."""
    rows, columns = grid
    n, queries = rows * columns, weights[prefix:]
    y, x = np.divmod(np.arange(n), columns)
    apart = np.hypot(y[:, None] - y[None, :], x[:, None] - x[None, :])
    near = (np.abs(y[:, None] - y[None, :]) <= 1) & (np.abs(x[:, None] - x[None, :]) <= 1) & (apart > 0)
    to_patches = queries[:, prefix:]
    traits = [
        Trait("itself", float(np.trace(to_patches) / n), "attention of a patch to itself", _DISTANCES, n),
        Trait("neighbours", float((to_patches * near).sum() / n), "attention to the patches around", _DISTANCES, n),
    ]
    if prefix:
        words = "attention of the patches to the class token and registers"
        share = float(queries[:, :prefix].sum() / n)
        traits.append(Trait("class token", share, words, "Darcet et al. 2023", n))
    traits = _ranked(traits)
    total = to_patches.sum(axis=1)
    read = np.divide((to_patches * apart).sum(axis=1), total, out=np.zeros(n), where=total > 0)
    even = apart.mean(axis=1)
    if n > 1:
        words = "mean distance of what patches read, over that of even attention"
        traits.append(Trait("distance", float((read / even).mean()), words, "Dosovitskiy et al. 2021, figure 7", n))
    return traits


def _attention_to(keys: NDArray[np.bool_], weights: Weights, name: str, words: str, source: str) -> Trait:
    """The mean over the queries that have such keys of the attention to them."""
    queries = keys.any(axis=1)
    over = int(queries.sum())
    value = float((weights * keys)[queries].sum(axis=1).mean()) if over else 0.0
    return Trait(name, value, words, source, over)


def _ranked(traits: list[Trait]) -> list[Trait]:
    return sorted((trait for trait in traits if trait.over), key=lambda trait: -trait.value)
