"""Which rows of a stream a tensor holds.

A pass computes the rows from a first one on (in a causal model those before it are another run's), and in the last
layer those alone that the output reads. What it leaves carries its rows, so that whoever takes some of them need not
know where it was made.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from core.models.adapter import Places


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a stream of `length` positions: those from `first` on, or where there is an index [batch, n], those
    alone, one set for each row of the batch."""

    length: int
    first: int = 0
    index: Tensor | None = None

    @property
    def count(self) -> int:
        return self.length - self.first if self.index is None else self.index.shape[1]

    @property
    def none(self) -> bool:
        """Whether they are none at all."""
        return self.index is None and self.first >= self.length

    def of(self, x: Tensor, start: int = 0) -> Tensor:
        """These rows of x [batch or 1, position, ...], which covers the stream from row `start` on; one row that stands
        for all stays."""
        if x.shape[1] == 1:
            return x
        if self.index is None:
            return x if self.first == start else x[:, self.first - start :]
        index = (self.index - start).reshape(*self.index.shape, *(1,) * (x.ndim - 2))
        x = x.expand(len(index), *x.shape[1:])
        return x.gather(1, index.expand(-1, -1, *x.shape[2:]))

    def after(self, earlier: Tensor, x: Tensor) -> Tensor:
        """x at these rows, and before them the rows of another tensor that covers the stream."""
        return x if self.index is not None or self.first == 0 else torch.cat([earlier[:, : self.first], x], dim=1)

    def places(self, x: Tensor, grid: tuple[int, int] | None) -> Places:
        """Where they stand. x: a tensor on their device."""
        index = self.index
        if index is None:
            index = torch.arange(self.first, self.length, device=x.device)[None]
        return Places(index, self.length, grid)


@dataclass(frozen=True, eq=False)
class Held:
    """A tensor [batch or 1, rows, ...] with the rows that it holds: all of the stream, or those at an index."""

    tensor: Tensor
    rows: Rows

    def at(self, rows: Rows) -> Tensor:
        """Some of them. What stands at an index alone can be asked for these alone."""
        if self.rows.index is None:
            return rows.of(self.tensor)
        assert rows.index is not None
        return self.tensor
