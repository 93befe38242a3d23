"""Numbers of the table's rows, where most come from one array that is here already: of a large model's edges no second
one is made. What sorts and filters asks for a part of the rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from core.tracing.order import parts_of

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]


class Figures:
    """A number of every row; NaN where there is none.

    values: [rows], or None where most rows have none. among: the rows that these hold for [rows]; None: all. backwards:
    the numbers are minus these. others: of some rows another number, by row.
    """

    def __init__(
        self,
        values: Values | None = None,
        among: Mask | None = None,
        backwards: bool = False,
        others: Mapping[int, float] | None = None,
    ) -> None:
        self._values, self._among, self._backwards = values, among, backwards
        self._others = others or {}
        self._rows = np.array(sorted(self._others), dtype=np.int64)
        self._numbers = np.array([self._others[row] for row in self._rows.tolist()], dtype=np.float64)

    def at(self, row: int) -> float:
        """Of one row."""
        if row in self._others:
            return self._others[row]
        if self._values is None or (self._among is not None and not self._among[row]):
            return np.nan
        value = float(self._values[row])
        return -value if self._backwards else value

    def of(self, part: slice) -> Values:
        """Of the rows of a part, an array of its own."""
        if self._values is None:
            numbers = np.full(part.stop - part.start, np.nan)
        else:
            numbers = -self._values[part] if self._backwards else self._values[part].copy()
            if self._among is not None:
                numbers[~self._among[part]] = np.nan
        first, stop = np.searchsorted(self._rows, (part.start, part.stop))
        numbers[self._rows[first:stop] - part.start] = self._numbers[first:stop]
        return numbers

    def sizes(self, part: slice) -> Values:
        """To sort by size, whatever the sign; what is not known comes last."""
        sizes = self.of(part)
        np.abs(sizes, out=sizes)
        sizes[np.isnan(sizes)] = -1.0
        return sizes


class Flags(Mapping[str, Mask]):
    """Which rows some words mean, [rows]: each is found out when it is asked for, and not kept. tests: of a part of the
    rows which they are, by word."""

    def __init__(self, count: int, tests: Mapping[str, Callable[[slice], Mask]]) -> None:
        self._count, self._tests = count, tests

    def __getitem__(self, word: str) -> Mask:
        test = self._tests[word]
        mask = np.empty(self._count, dtype=bool)
        for part in parts_of(self._count):
            mask[part] = test(part)
        return mask

    def __contains__(self, word: object) -> bool:
        return word in self._tests

    def __iter__(self) -> Iterator[str]:
        return iter(self._tests)

    def __len__(self) -> int:
        return len(self._tests)


def marked(rows: NDArray[np.int64], part: slice) -> Mask:
    """Which rows of a part are among some rows, which rise."""
    mask = np.zeros(part.stop - part.start, dtype=bool)
    first, stop = np.searchsorted(rows, (part.start, part.stop))
    mask[rows[first:stop] - part.start] = True
    return mask
