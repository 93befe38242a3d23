"""What the inputs panel draws: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from views.widgets.data import TokenChip


@dataclass(frozen=True)
class CardData:
    """Input card A or B."""

    letter: Literal["A", "B"]
    kind: Literal["text", "image"]
    text: str = ""
    tokens: tuple[TokenChip, ...] = ()
    image: NDArray[np.uint8] | None = None  # [height, width, 3]: what the model really sees
    grid: tuple[int, int] | None = None  # patch rows, patch columns
    name: str = ""  # of the image's file
    notes: tuple[str, ...] = ()  # what was done to the image, spaces at the ends of the text
    problem: str = ""  # why it cannot run, and what to do
    awaited: bool = False  # the model has not read it yet


@dataclass(frozen=True)
class Tint:
    """How a card's tokens or patches are coloured: a share each, 1 the fullest blue, -1 the fullest orange. legend:
    what the colours mean, in a few words; tip: what they are of."""

    shares: tuple[float, ...]
    legend: str
    tip: str


@dataclass(frozen=True)
class MetricOption:
    """One entry of the metric list: its kind, its words, and which answers it needs. of_reference: a
    picture in place of an answer."""

    kind: str
    words: str
    needs_target: bool = False
    needs_foil: bool = False
    of_reference: bool = False
