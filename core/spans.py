"""Spans of positions that together hold every position of a row: where an edge may be kept, and where not.

A span is called by what `core.positions` calls positions: the name of a role (of a dataset's template, such as the
subject of a sentence) or of a region of a picture, or a number, counted from the start or, negative, from the end. What
none of these holds is one more span, `other positions`. Where several hold a position it belongs to the narrowest of
them, as it does in means.

There is no edge from one span to another. What a node writes at a position is read at that position; only attention
carries it to others, and that is inside a head: what its keys and values read at one span (an edge into <k> or <v>
there) goes to wherever its queries stand (an edge into <q> there). Haklay et al. 2025 ("Position-aware Automatic
Circuit Discovery") split the same read by where it goes, one edge for each pair of spans; here a key or value that is
kept at a span is kept for all queries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.inputs.regions import PATCHES
from core.positions import ROLE, Extent, Positions, plain_positions

if TYPE_CHECKING:
    from core.inputs.pair import Pair

POSITION = re.compile(rf"-?\d+|{ROLE.pattern}")
REST = "other positions"  # no role is called so: it has a space


def usual_spans(extents: Sequence[Extent]) -> tuple[str, ...]:
    """Names of spans of some inputs: their common roles, or regions with the tokens that are no patches, or without
    them every position. Raises InputError where rows of different lengths have no role in common."""
    first, *more = extents
    roles = [name for name in first.roles if all(name in extent.roles for extent in more)]
    regions = [name for name in first.regions if all(name in extent.regions for extent in more)]
    if regions:
        roles += [*regions, *(name for name in first.tokens if name != PATCHES)]
    if roles:
        return spans_over(roles, extents)
    lengths = {length for extent in extents for length in extent.lengths}
    if len(lengths) > 1:
        raise InputError(
            "The rows have different lengths and no roles in common, so their positions do not correspond.",
            "Name spans of every row (roles), count from the end (-1), or score edges.",
        )
    return tuple(str(position) for position in range(lengths.pop()))


def spans_over(asked: Positions, extents: Sequence[Extent]) -> tuple[str, ...]:
    """Names of the spans that are asked for, and of the rest where it is asked for too or they leave any position of
    some inputs out. Raises EditError for what is no position of them."""
    positions = plain_positions(asked, any_words=True)
    names = tuple(dict.fromkeys(str(position) for position in positions if position != REST))
    rest = REST in positions or any((_held(names, extent) == len(names)).any() for extent in extents)
    return (*names, REST) if rest else names


def span_numbers(names: Sequence[str], extent: Extent) -> NDArray[np.int64]:
    """The number of the span that each position belongs to: [batch, position]; padding belongs to the first. Raises
    EditError for a span that the rows do not have, InputError for a position that is in none."""
    numbers = _held([name for name in names if name != REST], extent)
    if REST not in names and (numbers == len(names)).any():
        row, position = np.argwhere(numbers == len(names))[0]
        raise InputError(
            f"Position {position} of row {row} is in none of the spans {', '.join(names)}.",
            "Trace with spans that hold every position of these inputs.",
        )
    return numbers


def over_spans(
    values: NDArray[np.floating[Any]], names: Sequence[str], extent: Extent, row: int = 0
) -> NDArray[np.float64]:
    """Sums over the positions of each span: [..., position] to [..., spans]. Raises as `span_numbers` does, and
    InputError for values of another number of positions."""
    if values.shape[-1] != extent.length:
        raise InputError(
            f"The values are of {values.shape[-1]} positions, and the input has {extent.length}.",
            "Give values of this input, positions last.",
        )
    numbers = span_numbers(names, extent)[row]
    real = extent.lengths[row]
    sums = [values[..., :real][..., numbers[:real] == number].sum(axis=-1) for number in range(len(names))]
    return np.stack(sums, axis=-1).astype(np.float64)


def by_region(values: NDArray[np.floating[Any]], pair: Pair, regions: Positions | None = None) -> dict[str, Any]:
    """What values at positions add up to in each region of a picture, or role of a text.

    values: [..., position], such as `attribution_by_source(session).values`, scores of positions, or an attention
    pattern. pair: whose regions, roles and tokens these are; of a batch its first row. regions: names or positions; by
    default all of the pair's. A position that several hold counts for the smallest; what none holds is `other
    positions`. Returns arrays [...] by name, which add up to the sum over all positions. Raises InputError, EditError.
    """
    extent = pair.extent
    names = usual_spans([extent]) if regions is None else spans_over(regions, [extent])
    sums = over_spans(np.asarray(values), names, extent)
    return {name: sums[..., number] for number, name in enumerate(names)}


def parts_of(extent: Extent, names: Sequence[str]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The positions of the first row, each in the narrowest span that holds it: names of spans, the rest last, and
    positions. Spans for which none is left are not among them. Raises EditError for what is no span of it."""
    every = spans_over(names, [extent])
    numbers = span_numbers(every, extent)[0, : extent.lengths[0]]
    parts = ((name, tuple(np.flatnonzero(numbers == number).tolist())) for number, name in enumerate(every))
    return tuple((name, places) for name, places in parts if places)


def position_of(name: str) -> int | str:
    """A span as `Edit` takes it."""
    return int(name) if name.removeprefix("-").isdecimal() else name


def _held(names: Sequence[str], extent: Extent) -> NDArray[np.int64]:
    """The number of the narrowest span that holds each position; as many as there are where none does."""
    numbers = np.full((len(extent.lengths), extent.length), len(names), dtype=np.int64)
    width = np.full(numbers.shape, extent.length + 1)
    for number, name in enumerate(names):
        rows = extent.rows(position_of(name)) or [tuple(range(length)) for length in extent.lengths]
        for row, places in enumerate(rows):
            narrower = [place for place in places if len(places) < width[row, place]]
            numbers[row, narrower], width[row, narrower] = number, len(places)
    for row, length in enumerate(extent.lengths):
        numbers[row, length:] = 0
    return numbers
