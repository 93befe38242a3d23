"""Regions of a picture: named groups of patches, and the names of the positions that are no patches.

A region is to a picture what a role (`core.positions`) is to a text: edits name it as their positions, and edges at
spans are kept at it. Its patches need not be side by side. Every picture has these without being told: `CLS`, `DIST`,
each register (`reg1`, ...), `registers` for all of them, and `patches`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.positions import ROLE, RowPositions

REGISTERS, PATCHES = "registers", "patches"
_REGISTER = re.compile(r"reg\d+")
MOST = 1_000_000  # patches of a list: a slip of the keyboard is not to fill the memory
EXAMPLE = "Write NAME=PATCHES, for example eye=27-30,35, or NAME=mask:FILE."


def named_tokens(labels: Sequence[str], prefix: int, batch: int) -> dict[str, RowPositions]:
    """What positions of a picture are called without being told. labels: of all positions; the first `prefix` are no
    patches."""
    names: dict[str, tuple[int, ...]] = {label: (place,) for place, label in enumerate(labels[:prefix])}
    registers = tuple(place for place, label in enumerate(labels[:prefix]) if _REGISTER.fullmatch(label))
    if registers:
        names[REGISTERS] = registers
    names[PATCHES] = tuple(range(prefix, len(labels)))
    return {name: (places,) * batch for name, places in names.items()}


def region_positions(
    regions: Mapping[str, Sequence[int] | Sequence[Sequence[int]]],
    taken: Sequence[str],
    grid: tuple[int, int] | None,
    prefix: int,
    batch: int,
) -> dict[str, RowPositions]:
    """Regions as positions of the stream, row by row. regions: patches by name, numbers of the grid row by row; the
    same for all rows of the batch, or a list for each. taken: names that are given. Raises InputError."""
    if grid is None:
        raise InputError("Regions are of pictures.", "Spans of a text are roles: pair.with_roles.")
    positions: dict[str, RowPositions] = {}
    for name, patches in regions.items():
        check_name(name, taken)
        rows: list[Any] = list(patches)
        if not rows or isinstance(rows[0], Sequence):
            if len(rows) not in (0, batch):
                raise InputError(f"The region {name} has {len(rows)} lists for {batch} rows.", "Give one a row.")
        else:
            rows = [rows] * batch
        if not rows or not all(len(row) for row in rows):
            raise InputError(f"The region {name} holds no patch.", "Name one at least.")
        count = grid[0] * grid[1]
        outside = next((int(patch) for row in rows for patch in row if not 0 <= int(patch) < count), None)
        if outside is not None:
            raise InputError(
                f"The region {name} names patch {outside}, and the picture has patches 0 to {count - 1}.",
                f"They are counted row by row, {grid[1]} in each of {grid[0]}.",
            )
        positions[name] = tuple(tuple(sorted({int(patch) + prefix for patch in row})) for row in rows)
    return positions


def check_name(name: str, taken: Sequence[str] = ()) -> None:
    """Raise InputError for what no region can be called."""
    if not ROLE.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a region.", "Begin with a letter; letters, digits, _, - and . may follow."
        )
    if name in taken:
        raise InputError(f"{name} is what other positions of a picture are called.", "Choose another name.")


def parse_region(text: str) -> tuple[str, tuple[int, ...] | Path]:
    """Read `NAME=PATCHES` ("eye=27-30,35") or `NAME=mask:FILE`. Raises InputError."""
    name, given, value = text.partition("=")
    if not given or not value:
        raise InputError(f"{text!r} is no region.", EXAMPLE)
    check_name(name.strip())
    if value.startswith("mask:"):
        return name.strip(), Path(value.removeprefix("mask:")).expanduser()
    try:
        return name.strip(), patch_numbers(value)
    except ValueError:
        raise InputError(f"{text!r} is no region.", EXAMPLE) from None


def split_regions(cell: str) -> list[str]:
    """The regions of a cell: 'eye=27 "nose=mask:my nose.png"' has two. A backslash stands for itself, as paths of
    Windows have it. Raises InputError."""
    lexer = shlex.shlex(cell, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return list(lexer)
    except ValueError as error:
        raise InputError(f"{cell!r} names no regions: {error}.", EXAMPLE) from None


def joined_regions(regions: Iterable[str]) -> str:
    """A cell of some regions, as `split_regions` reads it."""
    return " ".join(map(_quoted, regions))


def _quoted(region: str) -> str:
    if not re.search(r"[\s'\"]", region):
        return region
    return f"'{region}'" if '"' in region else f'"{region}"'


def patch_numbers(text: str) -> tuple[int, ...]:
    """ "5-8,13" as numbers. Raises ValueError."""
    return tuple(place for part in text.split(",") for place in _range(part))


def _range(part: str) -> range:
    first, dash, last = part.partition("-")
    numbers = range(int(first), (int(last) if dash else int(first)) + 1)
    if not 0 < numbers.stop - numbers.start <= MOST:
        raise ValueError(part)
    return numbers
