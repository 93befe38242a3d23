"""Which point of a figure is read: the nearest to the pointer, or one after the other by the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Way = Literal["left", "right", "up", "down", "first", "last"]
Point = tuple[int, int]  # a row, and the number of a point in it

REACH = 28.0  # pixels from a point at which it is read


@dataclass(frozen=True, eq=False)
class Spots:
    """Points that can be read, a row of them. xs, ys: [points], as values. words: [points]. column: a point is read
    wherever the pointer is above or below it."""

    xs: Array
    ys: Array
    words: tuple[str, ...]
    column: bool = False


class Reading:
    """Of one figure. rows: what can be read; those without a point are left out."""

    def __init__(self, rows: Iterable[Spots] = ()) -> None:
        self.rows = [row for row in rows if len(row.xs)]
        self.at: Point | None = None

    @property
    def words(self) -> str:
        """Of the point that is read; empty while none is."""
        return "" if self.at is None else self.rows[self.at[0]].words[self.at[1]]

    @property
    def place(self) -> tuple[Array, Array]:
        """The values of the point that is read, [1] each; [0] while none is."""
        if self.at is None:
            return np.zeros(0), np.zeros(0)
        row, number = self.rows[self.at[0]], self.at[1]
        return row.xs[number : number + 1], row.ys[number : number + 1]

    def nearest(self, away: Callable[[Spots], Array]) -> Point | None:
        """The nearest point within reach. away: pixels from each point of a row, [points]."""
        best: tuple[float, Point] | None = None
        for number, row in enumerate(self.rows):
            pixels = away(row)
            place = int(np.nanargmin(pixels))
            if pixels[place] <= REACH and (best is None or pixels[place] < best[0]):
                best = float(pixels[place]), (number, place)
        return None if best is None else best[1]

    def next(self, way: Way) -> Point | None:
        """The point that is next on a way: along its row, or the one beside it in the next row."""
        if not self.rows:
            return None
        row, place = self.at or (0, -1)
        order = np.argsort(self.rows[row].xs, kind="stable").tolist()
        if way in ("up", "down") and len(self.rows) > 1 and place >= 0:
            x = self.rows[row].xs[place]
            row = (row + (1 if way == "down" else -1)) % len(self.rows)
            return row, int(np.argmin(np.abs(self.rows[row].xs - x)))
        at = order.index(place) if place >= 0 else -1 if way != "left" else len(order)
        step = -1 if way in ("left", "down") else 1
        goal = {"first": 0, "last": len(order) - 1}.get(way, min(max(at + step, 0), len(order) - 1))
        return row, order[goal]
