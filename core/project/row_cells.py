"""A B that is made from A, as a table holds it: `make:` and how (`core.inputs.corruption_words`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import InputError
from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.corruption_words import MAKE, parse_corruption, written
from core.project.document import PairSource, Source


def made_from(clean: Source, cell: str, folder: Path | None = None) -> Source:
    """The B that a cell makes from A. folder: where relative paths in it begin. Raises InputError for an A that is
    no picture as it is, ArgumentError for a cell that does not say how."""
    if clean.kind != "image" or clean.corruption is not None:
        raise InputError("B can be made so from a picture alone.", "Give A as a picture file.")
    return corrupted_source(clean, parse_corruption(cell.removeprefix(MAKE), folder))


def rows_with_b(rows: Sequence[PairSource], corruption: ImageCorruption) -> tuple[PairSource, ...]:
    """Rows whose B is made from A so; those whose A is no picture stay as they are."""
    return tuple(
        replace(row, counterfactual=corrupted_source(row.clean, corruption)) if takes_b(row) else row for row in rows
    )


def last_step(b: ImageCorruption, a: ImageCorruption | None) -> ImageCorruption:
    """What makes B from A: of all that was done to B what A has not."""
    return replace(b, earlier=None) if a is not None and b.earlier == a else b


def takes_b(row: PairSource) -> bool:
    """Whether B can be made from the A of a row."""
    return row.clean.kind == "image"


def corrupted_source(clean: Source, corruption: ImageCorruption) -> Source:
    """A picture that is changed so, after what was done to it already, and called by what was done."""
    plain = plain_source(clean)
    done = corruption if clean.corruption is None else replace(corruption, earlier=clean.corruption)
    return replace(plain, corruption=done, name=f"{plain.name or Path(plain.path).name}, {done.words()}")


def plain_source(made: Source) -> Source:
    """A picture as it was before it was changed."""
    if made.corruption is None:
        return made
    return replace(made, corruption=None, name=made.name.removesuffix(f", {made.corruption.words()}"))


def without_word(made: Source) -> Source:
    """A picture as it was before a word was printed on it, where that was done last."""
    last = made.corruption
    if last is None or last.kind != "word":
        return made
    plain = plain_source(made)
    return plain if last.earlier is None else corrupted_source(plain, last.earlier)


def made_cell(clean: Source, b: Source) -> str:
    """The cell of a B that is made from A; empty for one that is not, or that takes a picture without a path."""
    corruption = b.corruption
    if corruption is None or clean.corruption is not None or (b.path, b.data) != (clean.path, clean.data):
        return ""
    pasted = any(isinstance(file, bytes) and file for file in (corruption.other, corruption.mask))
    return "" if pasted else MAKE + written(corruption)
