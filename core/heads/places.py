"""Where heads of known kinds attend in a text: masks [query, key] of the keys that each query would read.

previous: the token before (Olsson et al. 2022, "In-context Learning and Induction Heads"). duplicate: earlier copies of
the query's token (Wang et al. 2022, "Interpretability in the Wild"). induction: what followed an earlier copy of it
(Olsson et al. 2022: prefix matching).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Masking = Callable[[Sequence[int]], Mask]


def previous(ids: Sequence[int]) -> Mask:
    return np.eye(len(ids), k=-1, dtype=bool)


def duplicate(ids: Sequence[int]) -> Mask:
    tokens = np.asarray(ids)
    same: Mask = np.tril(tokens[:, None] == tokens[None, :], -1)
    return same


def induction(ids: Sequence[int]) -> Mask:
    """Key j + 1 where token j is the query's, which the query itself is not."""
    same = duplicate(ids)
    after = np.zeros_like(same)
    after[:, 1:] = same[:, :-1]
    return np.tril(after)


MASKS: dict[str, Masking] = {"previous token": previous, "duplicate token": duplicate, "induction": induction}
