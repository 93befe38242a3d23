"""What the find bar lists: plain values that the application fills in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from core.edits import Target


@dataclass(frozen=True)
class Hit:
    """Something found: a node or an edge, a position of the input, or what else a note is on. spoken: its name for a
    screen reader, where the written one is hard to say."""

    name: str
    detail: str
    target: Target | None = None
    position: int | None = None
    noted: Hashable = None  # what the note is on
    spoken: str = ""
