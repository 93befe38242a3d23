"""Which input of a batch a lens looks at: one rule for all of them."""

from __future__ import annotations

from torch import Tensor

from core.errors import ArgumentError


def check_row(batch: int, row: int) -> None:
    """Raise ArgumentError for a row that a pair, or a run, of so many inputs does not have."""
    if not 0 <= row < batch:
        count = f"{batch} inputs, rows 0 to {batch - 1}" if batch > 1 else "one input, row 0"
        raise ArgumentError(f"There is no row {row}.", f"The pair has {count}.")


def of_row(x: Tensor, row: int) -> Tensor:
    """One input's part of what a run holds, [batch, ...] to [...]. What all inputs share is held once."""
    return x[row if len(x) > 1 else 0]
