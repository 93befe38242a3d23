"""What the inspector's sections of heads' writing and of attribution per token draw: plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from views.panels.inspector.data import LogitLensRow


@dataclass(frozen=True)
class PushedData:
    """The answers that a head pushes up and down where it reads one input alone, in logits above the mean of all.
    there: by what stands at a position; alone: by a token's embedding. position, token: in words, empty where there is
    none. why, why_alone: why there is nothing. can_type: whether a token can be asked for by its text."""

    there: tuple[LogitLensRow, ...] = ()
    alone: tuple[LogitLensRow, ...] = ()
    position: str = ""
    token: str = ""
    why: str = ""
    why_alone: str = ""
    can_type: bool = False


@dataclass(frozen=True, eq=False)
class TokensData:
    """Effects of replacing the input at each position, [position]. labels: of the positions. measured: None while they
    are not. total: of replacing all of it, measured; gap: how far the estimates' sum is from that. replaced: by what.
    metric: its name. prefix: how many positions come before the first patch; patches: whether it is a picture.
    direction: A's. why: why there are none."""

    labels: tuple[str, ...] = ()
    estimated: NDArray[np.float64] | None = None
    measured: NDArray[np.float64] | None = None
    total: float = 0.0
    gap: float = 0.0
    replaced: str = ""
    metric: str = ""
    prefix: int = 0
    patches: bool = False
    direction: int | None = 1
    why: str = ""
