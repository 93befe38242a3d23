"""A column of a table of lines. Imports no Qt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LineColumn:
    """title: its head. tip: what it holds. figures: whether its cells are numbers, right aligned. sample: words that it
    always has room for. most: pixels that it has at first, whatever its words. said: in place of the title, to a screen
    reader."""

    title: str
    tip: str
    figures: bool = False
    sample: str = ""
    most: int = 220
    said: str = ""
