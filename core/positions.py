"""Positions of a stream as people name them, and where they are in every row of a batch.

A position is a number, counted from the start of a row or, negative, from the end of what is real of it (padding is on
the right and never counted), or the name of a role: a span that every row has, such as the subject of a sentence, or of
a region of a picture, whose positions need not be side by side. Spans are half-open, as Python's slices are: (2, 4)
holds the positions 2 and 3.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import EditError, InputError

Span = tuple[int, int]
Positions = int | str | Sequence[int | str]
RowPositions = tuple[tuple[int, ...], ...]  # sorted absolute positions, one tuple a row

ROLE = re.compile(r"[^\W\d][\w.-]*")


def plain_positions(positions: Any, any_words: bool = False) -> tuple[int | str, ...]:
    """One position or several, numbers of NumPy and PyTorch among them, as whole numbers and names of roles. any_words:
    take words that no role is called too, for who looks them up. Raises EditError for anything else."""
    plain = positions.tolist() if hasattr(positions, "tolist") else positions
    places: list[int | str] = []
    for each in plain if isinstance(plain, Iterable) and not isinstance(plain, str) else [plain]:
        try:
            if isinstance(each, str) and not any_words and not ROLE.fullmatch(each):
                raise TypeError
            places.append(each if isinstance(each, str) else operator.index(each))
        except TypeError:
            raise EditError(
                f"{each!r} is no position.",
                "Positions are whole numbers, negative ones from the end, or names of roles.",
            ) from None
    return tuple(places)


@dataclass(frozen=True)
class Extent:
    """What positions there are.

    lengths: real positions of each row. length: of the stream, padding included. roles: a span for each row. regions:
    of a picture, sorted positions for each row; tokens: the same of what is no region of the user's, such as CLS.
    """

    lengths: tuple[int, ...]
    length: int
    roles: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    regions: Mapping[str, RowPositions] = field(default_factory=dict)
    tokens: Mapping[str, RowPositions] = field(default_factory=dict)

    def rows(self, positions: Positions) -> RowPositions | None:
        """Where positions are; None where that is all of every row. Raises EditError for a position that a row does
        not have, a role that nothing is called, and no position at all."""
        by_row = self.places(positions)
        whole = all(len(places) == length for places, length in zip(by_row, self.lengths, strict=True))
        return None if whole else by_row

    def places(self, positions: Positions) -> RowPositions:
        """Where positions are, also where that is all of every row. Raises EditError as `rows` does."""
        wanted = plain_positions(positions)
        if not wanted:
            raise EditError("There are no positions to edit.", "Leave positions out to edit all of them.")
        return tuple(
            tuple(sorted({place for position in wanted for place in self._in_row(position, row)}))
            for row in range(len(self.lengths))
        )

    def _in_row(self, position: int | str, row: int) -> Sequence[int]:
        if isinstance(position, str):
            if position in self.roles:
                return range(*self.roles[position][row])
            for named in (self.regions, self.tokens):
                if position in named:
                    return named[position][row]
            same = [name for name in (*self.roles, *self.regions, *self.tokens) if name.lower() == position.lower()]
            if len(same) == 1:  # cls is CLS
                return self._in_row(same[0], row)
            known = ", ".join((*self.roles, *self.regions, *self.tokens))
            hint = f"There are: {known}." if known else "Name spans of the input, for example subject=2:4."
            raise EditError(f"No {'region' if self.tokens else 'role'} is called {position!r}.", hint)
        length = self.lengths[row]
        if not -length <= position < length:
            if len(self.lengths) == 1:
                raise EditError(f"Position {position} is outside the input.", f"It has positions 0 to {length - 1}.")
            raise EditError(
                f"Position {position} is outside row {row}, which has positions 0 to {length - 1}.",
                "In rows of different lengths, count from the end (-1) or name a role.",
            )
        return (position % length,)


def check_roles(roles: Mapping[str, Sequence[Span]], lengths: Sequence[int]) -> dict[str, tuple[Span, ...]]:
    """Roles as plain tuples. Raises InputError for a name that edits could not be written with, and for a span that is
    empty or does not lie in its row."""
    checked: dict[str, tuple[Span, ...]] = {}
    for name, spans in roles.items():
        if not ROLE.fullmatch(name):
            raise InputError(
                f"{name!r} cannot be the name of a role.",
                "Begin with a letter; letters, digits, _, - and . may follow.",
            )
        if len(spans) != len(lengths):
            raise InputError(f"The role {name} has {len(spans)} spans for {len(lengths)} rows.", "Give one a row.")
        for row, ((start, stop), length) in enumerate(zip(spans, lengths, strict=True)):
            if not 0 <= start < stop <= length:
                where = f" in row {row}" if len(lengths) > 1 else ""
                raise InputError(
                    f"The role {name} spans {start}:{stop}{where}, and the input has {length} positions.",
                    "A span is START:STOP with START below STOP; STOP itself is outside, as in Python.",
                )
        checked[name] = tuple((int(start), int(stop)) for start, stop in spans)
    return checked


def parse_roles(text: str, length: int) -> dict[str, tuple[Span, ...]]:
    """Read several roles of one row, with spaces between: "subject=2:4 end=-1". Raises InputError."""
    return {name: (span,) for name, span in (parse_role(part, length) for part in text.split())}


def parse_role(text: str, length: int) -> tuple[str, Span]:
    """Read `NAME=START:STOP` or `NAME=POSITION`, negative ones from the end. Raises InputError."""
    name, separator, span = text.partition("=")
    start, colon, stop = span.partition(":")
    try:
        first = int(start) if start.strip() or not colon else 0
        last = int(stop) if stop.strip() else length
    except ValueError:
        separator = ""
    if not separator or not name.strip():
        raise InputError(f"{text!r} is not a role.", "Write NAME=START:STOP, for example subject=2:4.")
    first = first + length if first < 0 else first
    if not colon:
        return name.strip(), (first, first + 1)
    return name.strip(), (first, last + length if last < 0 else last)
