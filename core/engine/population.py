"""The clean inputs that means are taken over and that `resample` draws from: a dataset's, or the session's own.

They run once, at every position, when they are first needed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from core.engine.state import RunState
from core.errors import EditError


class Runs(Protocol):
    """Where reference runs come from: an engine."""

    def clean(self, full: bool) -> RunState: ...

    def counterfactual(self, full: bool) -> RunState | None: ...


@dataclass(frozen=True)
class Population:
    """inputs: ids [batch, position] padded on the right, or pixels. lengths: how many positions of each row are real.
    runs: over these inputs."""

    runs: Runs
    inputs: Tensor
    lengths: tuple[int, ...]

    @property
    def state(self) -> RunState:
        return self.runs.clean(full=True)

    def mean(self, x: Tensor, length: int, over_positions: bool) -> Tensor:
        """The mean of x [batch, position, width] over the real positions of all rows, together or position by
        position: [1, 1 or length, width]. Raises EditError for positions that no row has."""
        dims = (0, 1) if over_positions else (0,)
        if not over_positions and length > max(self.lengths):
            raise EditError(
                f"The dataset's inputs end at position {max(self.lengths) - 1}, so there is no mean at {length - 1}.",
                "Take one mean over all positions, or add longer inputs.",
            )
        if min(self.lengths) == x.shape[1]:
            mean = x.mean(dim=dims, keepdim=True)
        else:
            real = torch.arange(x.shape[1], device=x.device) < torch.tensor(self.lengths, device=x.device)[:, None]
            counts = real[:, :, None].sum(dim=dims, keepdim=True).clamp(min=1)
            mean = torch.where(real[:, :, None], x, 0).sum(dim=dims, keepdim=True) / counts
        return mean if over_positions else mean[:, :length]

    def donors(self, inputs: Tensor, lengths: tuple[int, ...], seed: int) -> list[int]:
        """For each row of some inputs another one from here, drawn by the seed: `random.Random(f"{seed} {row}")`
        chooses among the rows that are at least as long and not the same. Raises EditError where there is none."""
        found = []
        for row, length in enumerate(lengths):
            candidates = [
                other
                for other, long in enumerate(self.lengths)
                if long >= length and self._differs(other, inputs[row], length)
            ]
            if not candidates:
                raise EditError(
                    "There is no other input to resample from that is at least as long.",
                    "Give the session a dataset of inputs, or take the edit mean or zero.",
                )
            found.append(random.Random(f"{seed} {row}").choice(candidates))
        return found

    def _differs(self, row: int, other: Tensor, length: int) -> bool:
        mine = self.inputs[row]
        if mine.ndim == 1:  # text: up to its end
            mine, other = mine[:length], other[:length]
        return not torch.equal(mine, other)
