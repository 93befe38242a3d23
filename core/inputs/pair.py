"""The inputs of a session: the clean input A and, if there is one, the counterfactual B, aligned position by
position.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.errors import InputError
from core.inputs.regions import named_tokens, region_positions
from core.positions import Extent, RowPositions, Span, check_roles


@dataclass(frozen=True)
class Side:
    """One input as the model takes it, and as a person reads it.

    tensor: ids [batch, position] or pixels [batch, channel, height, width].
    labels: names of the positions of the first row: tokens, or `CLS`, `DIST`, `reg1`, and `row,column` of patches.
    lengths: how many positions of each row are real; the rest is padding on the right.
    text: the first row's text or file name.
    view: what the model sees of the first image, [height, width, 3], 0 to 255; None for text.
    notes: what was done to the input and should be told.
    tokens: how many positions of each row are the text's, where a model reads the padding behind them as it reads them;
    the padding is then real and part of `lengths`. Empty for other models.
    """

    tensor: Tensor
    labels: tuple[str, ...]
    lengths: tuple[int, ...]
    text: str = ""
    view: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pair:
    """Clean input A and counterfactual B (or None), of equal shape. A batch of pairs where a list was given.

    grid: patch rows and columns for images. prefix: positions before the first patch.
    roles: what spans of positions are called, a half-open span for each row: {"subject": ((2, 3), (2, 5))}. Edits may
    name them as their positions. regions: the same of patches of pictures, sorted positions of the stream for each row.
    """

    clean: Side
    counterfactual: Side | None = None
    grid: tuple[int, int] | None = None
    prefix: int = 0
    roles: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    regions: Mapping[str, RowPositions] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", check_roles(self.roles, self.clean.lengths))

    def with_roles(self, roles: Mapping[str, Sequence[Span]]) -> Pair:
        """This pair with these roles beside those it has. Raises InputError for spans outside their rows."""
        return replace(self, roles={**self.roles, **check_roles(roles, self.clean.lengths)})

    def with_regions(self, regions: Mapping[str, Sequence[int] | Sequence[Sequence[int]]]) -> Pair:
        """This pair with these regions beside those it has: patches by name, numbers of the grid row by row, the same
        in every row or a list for each. Raises InputError for patches that are not there, and for texts."""
        taken = [*self.tokens, *self.roles]
        made = region_positions(regions, taken, self.grid, self.prefix, self.batch)
        return replace(self, regions={**self.regions, **made})

    @property
    def tokens(self) -> dict[str, RowPositions]:
        """What positions of a picture are called without being told: CLS, registers, patches."""
        return {} if self.grid is None else named_tokens(self.clean.labels, self.prefix, self.batch)

    @property
    def batch(self) -> int:
        return len(self.clean.lengths)

    @property
    def length(self) -> int:
        """Positions of the stream."""
        return len(self.clean.labels)

    @property
    def extent(self) -> Extent:
        """What positions there are."""
        return Extent(self.clean.lengths, self.length, self.roles, self.regions, self.tokens)


def stack_sides(sides: Sequence[Side]) -> tuple[Tensor, tuple[int, ...]]:
    """Inputs as one batch, token ids padded on the right, and how many positions of each row are real. Raises
    InputError for pictures of different sizes."""
    lengths = tuple(length for side in sides for length in side.lengths)
    return stack_rows([row for side in sides for row in side.tensor]), lengths


def stack_rows(rows: Sequence[Tensor]) -> Tensor:
    """Ids [position] or pixels [channel, height, width] as one batch, ids padded on the right. Raises InputError for
    pictures of different sizes."""
    if rows[0].ndim == 1:
        longest = max(len(row) for row in rows)
        return torch.stack([F.pad(row, (0, longest - len(row))) for row in rows])
    if len({row.shape for row in rows}) > 1:
        raise InputError("The dataset's pictures have different sizes for the model.", "Crop them to one size.")
    return torch.stack(list(rows))


@dataclass(frozen=True)
class Dataset:
    """Several pairs of any lengths. answers: target and foil of the metric for each pair, as text or ids; none where
    all pairs have the session's. Raises InputError where there are no pairs, or not as many answers."""

    pairs: tuple[Pair, ...]
    answers: tuple[tuple[str | int, str | int], ...] = ()

    def __init__(self, pairs: Iterable[Pair], answers: Iterable[tuple[str | int, str | int]] = ()) -> None:
        object.__setattr__(self, "pairs", tuple(pairs))
        object.__setattr__(self, "answers", tuple(answers))
        if not self.pairs:
            raise InputError("The dataset is empty.", "Give at least one pair.")
        if self.answers and len(self.answers) != len(self.pairs):
            raise InputError(f"There are {len(self.answers)} answers for {len(self.pairs)} pairs.", "Give one a pair.")

    def __len__(self) -> int:
        return len(self.pairs)
