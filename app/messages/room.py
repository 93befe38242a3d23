"""Work that is not begun by itself, since memory is short or much is to be sent: the window asks whether it is to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Work = Literal["model", "trace", "scan", "send"]
ALL_WORK: frozenset[Work] = frozenset(("model", "trace", "scan", "send"))


@dataclass(frozen=True)
class RoomReply:
    """Some work would take more memory than is free, and was not begun; nor was what the request asked for beside it.
    work: to open the model, to trace, to measure edges; "send": to send the model's files to a worker elsewhere, where
    they take so many bytes of disk. needed, free: bytes. disk: whether the model's weights may stay there. eight_bits:
    whether they may be rounded, and then fit. bf16: whether it takes less in that."""

    number: int
    work: Work
    needed: int
    free: int
    disk: bool = False
    eight_bits: bool = False
    bf16: bool = False
