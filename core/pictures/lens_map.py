"""A lens over layers and positions as a picture: the end of the model on top, the likeliest answer in each cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.pictures.heat_map import heat_map
from core.pictures.picture import Picture

SHOWN = 40  # positions of the picture


def lens_picture(
    stages: Sequence[str],
    columns: Sequence[str],
    values: NDArray[np.float32],
    words: Sequence[Sequence[str]],
    title: str,
    most: int = SHOWN,
) -> Picture:
    """values, words: [stage, position], the embedding first. columns: what the positions are called. most: positions;
    of more the last ones are shown, which the title says. Raises ArgumentError as `heat_map` does."""
    count = len(columns)
    some = slice(max(0, count - most), None)
    cut = f" (the last {most} of {count} positions)" if count > most else ""
    rows = [list(row[some]) for row in reversed(words)]
    return heat_map(values[::-1, some], list(reversed(stages)), list(columns[some]), words=rows, title=title + cut)
