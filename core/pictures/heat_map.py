"""A table of numbers as colours: attention, a lens over layers and positions, scores of heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.pictures.picture import INK, Picture, drawing, label, plain, shade, shortened

CELL, WIDE = 18.0, 46.0  # the side of a cell; its width where words stand in it
MOST = 128  # rows or columns


def heat_map(
    values: Any,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    *,
    words: Sequence[Sequence[str]] = (),
    title: str = "",
) -> Picture:
    """values: [row, column], the first row on top. rows, columns: their names; by default their numbers. words: in the
    cells, [row][column]. Blue is positive, orange negative, white 0. Raises ArgumentError for other shapes, and for
    more than 128 rows or columns."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or not table.size or max(table.shape) > MOST:
        raise ArgumentError(
            f"A heat map is of [row, column], up to {MOST} of each, not of {list(table.shape)}.", "Take a part of it."
        )
    count, across = table.shape
    for names, size in ((rows, count), (columns, across)):
        if names and len(names) != size:
            raise ArgumentError(f"There are {len(names)} names for {size} rows or columns.", "Give one each.")
    return Picture(_draw(table, list(rows) or _numbers(count), list(columns) or _numbers(across), words, title))


def _numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def _draw(
    table: NDArray[np.float64], rows: list[str], columns: list[str], words: Sequence[Sequence[str]], title: str
) -> str:
    finite = np.abs(table[np.isfinite(table)])
    largest = float(finite.max()) if finite.size else 0.0
    width = WIDE if words else CELL
    rows, columns = ([shortened(name, 14) for name in names] for names in (rows, columns))
    left = 8 + 6.2 * max(map(len, rows))
    slanted = max(map(len, columns)) * 6.2 > width
    top = 8 + (6.2 * max(map(len, columns)) if slanted else 12)
    parts = []
    for number, name in enumerate(columns):
        x = left + (number + 0.5) * width
        text = label(0, 3, name, anchor="start" if slanted else "middle")
        parts.append(f"<g transform='translate({x:.1f},{top - 8:.1f}){' rotate(-90)' if slanted else ''}'>{text}</g>")
    for row, name in enumerate(rows):
        y = top + row * CELL
        parts.append(label(left - 5, y + CELL - 5, name, anchor="end"))
        for column, value in enumerate(table[row]):
            x = left + column * width
            colour = shade(float(value), largest) if np.isfinite(value) else "#e4e6e9"
            tip = f"<title>{plain(name)}, {plain(columns[column])}: {value:.4g}</title>"
            box = f"x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{CELL:.1f}'"
            parts.append(f"<rect {box} fill='{colour}' stroke='#ffffff'>{tip}</rect>")
            if words:
                dark = np.isfinite(value) and abs(value) > 0.55 * largest > 0
                text = shortened(words[row][column], 7)
                at = x + width / 2, y + CELL - 5
                parts.append(label(*at, text, size=9, anchor="middle", colour="#ffffff" if dark else INK))
    return drawing(left + len(columns) * width + 8, top + len(rows) * CELL + 6, parts, title)


class HeatMap(np.ndarray[Any, np.dtype[np.float32]]):
    """An array [row, column] that shows itself in a notebook; in all else an array as any."""

    def _repr_svg_(self) -> str | None:
        return heat_map(self).svg if self.ndim == 2 and self.size and max(self.shape) <= MOST else None
