"""Which input of a batch a lens looks at."""

from __future__ import annotations

from core.errors import ArgumentError
from core.inputs.pair import Pair


def check_row(pair: Pair, row: int) -> None:
    """Raise ArgumentError for a row that the pair does not have."""
    if not 0 <= row < pair.batch:
        count = f"{pair.batch} inputs, rows 0 to {pair.batch - 1}" if pair.batch > 1 else "one input, row 0"
        raise ArgumentError(f"There is no row {row}.", f"The pair has {count}.")
