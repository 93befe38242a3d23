"""Tables of the terminal: lines of columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

GAP = "  "


def aligned(rows: Iterable[Sequence[str]], sides: str = "", width: int | None = None) -> list[str]:
    """Lines with columns as wide as their widest cell. A row may be shorter than others.

    sides: on which side a column's cells are, "<" or ">", as in a format; "<" for the columns that it leaves out.
    width: of the lines at most, by breaking the last column; None: as wide as they are."""
    rows = [list(row) for row in rows]
    count = max(map(len, rows), default=0)
    rows = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = sides.ljust(count, "<")
    lines = []
    for row in rows:
        cells = [f"{cell:{side}{wide}}" for cell, side, wide in zip(row, sides, widths, strict=True)]
        start = "".join(cell + GAP for cell in cells[:-1])
        if width is None:
            lines.append((start + cells[-1]).rstrip())
        else:
            lines += textwrap.wrap(row[-1], width, initial_indent=start, subsequent_indent=" " * len(start))
    return lines
