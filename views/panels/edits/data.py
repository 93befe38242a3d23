"""What the list of edits draws."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EditRow:
    """One row of the list of edits."""

    key: int
    name: str
    words: str  # "from B", "zero", "scale 0.5"
