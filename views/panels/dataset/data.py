"""What the dataset panel draws: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DatasetRow:
    """a, b: texts, or the names of pictures; b is "" where there is none. before, after: the metric without and with
    the edits, None until it is known. problem: why there is none. pictures: small, [height, width, 3]. present: this is
    the pair on the cards. stale: the figures are of an earlier state."""

    a: str
    b: str
    kind: str  # "text" or "image"
    answers: str = ""
    before: float | None = None
    after: float | None = None
    problem: str = ""
    pictures: tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None] = (None, None)
    present: bool = False
    stale: bool = False
