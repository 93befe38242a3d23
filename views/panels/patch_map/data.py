"""What the panel of maps over a picture shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MapData:
    """answers: what a map can be of; answer: what it is of, "" for the likeliest one. marked: the patch that the others
    are compared with instead, or -1. image: what the model sees, [height, width, 3]; grid: its patches. stages: after
    what the stream is read; values: [stage, row, column]; title: what they are. notes: a line for each stage, of its
    range and its overlap with the mask. mask: [height, width]. table: all of it as CSV. problem: why there is no map or
    no mask. why_not: why there can be none. stale: whether it is of an earlier state."""

    answers: tuple[str, ...] = ()
    answer: str = ""
    image: NDArray[np.uint8] | None = None
    grid: tuple[int, int] | None = None
    stages: tuple[str, ...] = ()
    values: NDArray[np.float32] | None = None
    title: str = ""
    notes: tuple[str, ...] = ()
    mask: NDArray[np.bool_] | None = None
    marked: int = -1
    table: str = ""
    warning: str = ""
    problem: str = ""
    why_not: str = ""
    stale: bool = False
