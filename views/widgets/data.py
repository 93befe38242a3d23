"""What several panels draw: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenChip:
    text: str  # as shown: a leading space is drawn as a thin mark by the view
    index: int
    differs: bool = False  # from the other card at the same position
