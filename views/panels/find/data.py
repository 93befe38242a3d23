"""What the find bar lists: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass

from core.edits import Target


@dataclass(frozen=True)
class Hit:
    """Something found: a node or an edge, or a position of the input. spoken: its name for a screen reader, where the
    written one is hard to say."""

    name: str
    detail: str
    target: Target | None = None
    position: int | None = None
    spoken: str = ""
