"""What the dataset panel draws: plain values that the application fills in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

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


class LazyRows(Sequence[DatasetRow]):
    """Rows that are made when they are looked at: of fifty thousand a table shows thirty. of: what their words are made
    of, the same object as long as these are the same. known: the rows that have figures, or a problem."""

    def __init__(
        self, count: int, make: Callable[[int], DatasetRow], of: object, known: Sequence[DatasetRow] = ()
    ) -> None:
        self._count, self._make = count, make
        self.of, self.known = of, known

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> DatasetRow: ...

    @overload
    def __getitem__(self, place: slice) -> list[DatasetRow]: ...

    def __getitem__(self, place: int | slice) -> DatasetRow | list[DatasetRow]:
        if isinstance(place, slice):
            return [self._make(each) for each in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        return self._make(place % self._count)


def known_rows(rows: Sequence[DatasetRow]) -> Sequence[DatasetRow]:
    """The rows that may have figures."""
    return rows.known if isinstance(rows, LazyRows) else rows
