"""A circuit as a figure for a paper: what it shows, before it is known how much room text takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Hue = Literal["towards", "away", "plain"]


@dataclass(frozen=True)
class PaperBox:
    """A node. ports: letters of those through which it reads, with their x."""

    name: str
    is_head: bool
    left: float
    top: float
    width: float
    height: float
    ports: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class PaperLine:
    """An edge as a cubic Bézier curve of four points. weight: from 0 to 1."""

    points: tuple[tuple[float, float], ...]
    hue: Hue
    weight: float


@dataclass(frozen=True)
class PaperFrame:
    """Around nodes of a group. color: a name of the theme's palette of groups."""

    color: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class PaperDrawing:
    """All of it laid out, in pixels."""

    boxes: tuple[PaperBox, ...]
    lines: tuple[PaperLine, ...]
    frames: tuple[PaperFrame, ...]
    width: float
    height: float


TextWidth = Callable[[str], float]
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class PaperData:
    """names: all texts in boxes, to be measured. arrange: the drawing, by how wide a name is and how much room there
    is, and whether it is no longer wanted; it may run in another thread. hues: what the colours say, of those that are
    there. how: what the scores are. groups: (name, color). tokens: of input A, none where it is no text. pictures:
    (title, PNG) of the inputs that are some. caption: lines below."""

    title: str
    names: tuple[str, ...]
    arrange: Callable[[TextWidth, float, Cancelled], PaperDrawing]
    hues: tuple[tuple[Hue, str], ...]
    how: str
    groups: tuple[tuple[str, str], ...] = ()
    tokens: tuple[str, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()
    caption: tuple[str, ...] = ()
