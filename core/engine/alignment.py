"""Which positions of rows of other lengths stand for one another, so that a mean over rows is of like with like.

1. A position within a role that all rows have, such as the subject of a sentence, stands beside the same role of the
   others: from the nearer end of the span.
2. Any other one stands beside those as far from the nearer end of their row: what opens a text and what it is read at
   meet, however long the texts are.
3. A mean needs two rows. Where fewer reach that far it is counted from the other end; where neither has two, there is
   no mean: it would be the row's own value, and putting it in place would do nothing.

Where all rows have one length and no roles, these are the positions by their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import EditError
from core.positions import Span

WHOLE = ""  # the name of a whole row, beside those of roles


@dataclass(frozen=True)
class Column:
    """Positions that are averaged together: those `offset` from the start of a span, or from its end. rows: that reach
    so far."""

    name: str
    from_end: bool
    offset: int
    rows: int


class Alignment:
    """lengths: real positions of each row of a population. roles: spans that all of its rows have."""

    def __init__(self, lengths: Sequence[int], roles: Mapping[str, Sequence[Span]]) -> None:
        self._lengths = tuple(lengths)
        self._spans = {WHOLE: tuple((0, length) for length in lengths), **roles}
        self._sizes = {name: max(stop - start for start, stop in spans) for name, spans in self._spans.items()}
        self._columns = [column for name in self._spans for column in self._columns_of(name)]
        self._number = {(column.name, column.from_end, column.offset): i for i, column in enumerate(self._columns)}
        self.plain = not roles and len(set(lengths)) == 1

    def _columns_of(self, name: str) -> Iterator[Column]:
        sizes = [stop - start for start, stop in self._spans[name]]
        for from_end in (False, True) if len(set(sizes)) > 1 else (False,):
            for offset in range(max(sizes)):
                yield Column(name, from_end, offset, sum(size > offset for size in sizes))

    @property
    def size(self) -> int:
        """How many columns there are: means to hold."""
        return len(self._columns)

    def sources(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Which position of each row goes into each column, and whether the row has one there: [row, column] both."""
        index = torch.zeros(len(rows), self.size, dtype=torch.long, device="cpu")
        real = torch.zeros(len(rows), self.size, dtype=torch.bool, device="cpu")
        for place, row in enumerate(rows):
            for number, column in enumerate(self._columns):
                start, stop = self._spans[column.name][row]
                if column.offset < stop - start:
                    index[place, number] = stop - 1 - column.offset if column.from_end else start + column.offset
                    real[place, number] = True
        return index, real

    def places(self, lengths: Sequence[int], roles: Mapping[str, Sequence[Span]], length: int) -> Tensor:
        """The column of each position of some rows: [row or 1, position], one row where all are alike.

        lengths, roles: of these rows. length: of the stream; padding gets any column. Raises EditError where a position
        has no mean.
        """
        columns = []
        for row, row_length in enumerate(lengths):
            spans = {name: roles[name][row] for name in self._spans if name in roles}
            places = [self._place(position, row_length, spans) for position in range(row_length)]
            columns.append(places + [0] * (length - row_length))
        alike = all(places == columns[0] for places in columns)
        return torch.tensor(columns[:1] if alike else columns, device="cpu")

    def counterparts(self, places: Sequence[int], row: int) -> tuple[Tensor, Tensor]:
        """Where attention of an input is found in a row: the row's query for each query of the input, [query], and its
        key for each query and key, [query, key]; -1 where it has none.

        places: the column of each position of the input. Each query finds every key of the row at one position at most,
        the first of the key's columns that the input has: itself at itself, and outside of roles what comes before it
        before it."""
        size, length = len(places), self._lengths[row]
        if self.plain and size == length:
            every = torch.arange(size, device="cpu")
            return every, every.expand(size, -1)
        at_column: dict[int, list[int]] = {}
        for position, column in enumerate(places):
            at_column.setdefault(column, []).append(position)
        index, real = self.sources([row])
        queries = torch.where(real[0], index[0], -1)[list(places)]
        spans = {name: spans[row] for name, spans in self._spans.items() if name != WHOLE}
        stands_for = [
            [(at, bool(self._columns[column].name)) for column in self._columns_at(key, length, spans)
             for at in at_column.get(column, ())]
            for key in range(length)
        ]  # fmt: skip
        keys = torch.full((size, size), -1, device="cpu")
        for query, query_here in enumerate(queries.tolist()):
            for key in range(length if query_here >= 0 else 0):
                at = query if key == query_here else None
                for position, by_role in stands_for[key] if at is None else ():
                    if by_role or (position != query and (position > query) == (key > query_here)):
                        at = position
                        break
                if at is not None:
                    keys[query, at] = key
        return queries, keys

    def _place(self, position: int, length: int, roles: Mapping[str, Span]) -> int:
        tried = self._columns_at(position, length, roles)
        needed = min(2, len(self._lengths))
        for number in tried:
            if self._columns[number].rows >= needed:
                return number
        if not tried:
            last = max(self._lengths) - 1
            raise EditError(
                f"The dataset's inputs end at position {last}, so there is no mean at {position}.",
                "Take one mean over all positions, or add longer inputs.",
            )
        raise EditError(
            f"Of the dataset's {len(self._lengths)} inputs one alone has a position {position}, from its start or from "
            "its end, so its mean there is its own value and would replace nothing.",
            "Take one mean over all positions (mean_over_positions), or add inputs that are as long.",
        )

    def _columns_at(self, position: int, length: int, roles: Mapping[str, Span]) -> list[int]:
        """The columns that a position of a row could stand in, the narrowest role's nearer end first."""
        inside = [(name, span) for name, span in roles.items() if span[0] <= position < span[1]]
        inside.sort(key=lambda item: item[1][1] - item[1][0])
        spans = (*inside, (WHOLE, (0, length)))
        return [number for name, span in spans for number in self._ends(name, span, position)]

    def _ends(self, name: str, span: Span, position: int) -> Iterator[int]:
        """The columns of a position of a span, counted from the nearer end and from the other one, where there are
        such."""
        start, stop = span
        from_start, from_end = position - start, stop - 1 - position
        for end in (True, False) if from_end <= from_start else (False, True):
            offset = from_end if end else from_start
            number = self._number.get((name, end, offset))
            if end and (name, True, 0) not in self._number:  # spans of one size: both ends count the same columns
                number = self._number.get((name, False, self._sizes[name] - 1 - offset))
            if number is not None:
                yield number


def common_roles(rows: Sequence[Mapping[str, Sequence[Span]]]) -> dict[str, tuple[Span, ...]]:
    """The roles that all of some pairs have, their spans row by row. rows: of each pair."""
    names = [name for name in rows[0] if all(name in roles for roles in rows)]
    return {name: tuple(span for roles in rows for span in roles[name]) for name in names}
