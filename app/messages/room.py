"""Work that the worker does not begin by itself, since memory is short: the window asks whether it is to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Work = Literal["model", "trace", "scan"]
ALL_WORK: frozenset[Work] = frozenset(("model", "trace", "scan"))


@dataclass(frozen=True)
class RoomReply:
    """Some work would take more memory than is free, and was not begun; nor was what the request asked for beside it.
    work: to open the model, to trace, to measure edges. needed, free: bytes. disk: whether the model's weights may stay
    there. eight_bits: whether they may be rounded, and then fit."""

    number: int
    work: Work
    needed: int
    free: int
    disk: bool = False
    eight_bits: bool = False
