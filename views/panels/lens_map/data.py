"""What the panel of the logit lens shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LensMapData:
    """stages: after what the stream is read, the embedding first. positions: their tokens. labels, best: the likeliest
    answer and its probability, [stage, position]. values: what the colours are of, the same shape. answers: those that
    the colours can be of; answer: the one that they are of, "" for the likeliest of each cell. asked_lens: whether a
    tuned lens is asked for. asked: the position that is looked
    at first. problem: why there is no map, or no lens. why_not: why there can be none. stale: whether it
    is of an earlier state."""

    stages: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    labels: tuple[tuple[str, ...], ...] = ()
    best: NDArray[np.float32] | None = None
    values: NDArray[np.float32] | None = None
    answers: tuple[str, ...] = ()
    answer: str = ""
    note: str = ""
    asked_lens: bool = False
    asked: int = -1
    problem: str = ""
    why_not: str = ""
    stale: bool = False
