"""What several panels draw: plain values that the application fills in."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class NoteEntry:
    """A note to be read and written. key: of what it is about, handed back with what is written. about: that in words.
    called: the user's own name for it; None where it can have none. locked: why nothing can be written."""

    key: Hashable
    about: str
    text: str = ""
    called: str | None = None
    locked: str = ""


@dataclass(frozen=True)
class TokenChip:
    text: str  # as shown: a leading space is drawn as a thin mark by the view
    index: int
    differs: bool = False  # from the other card at the same position
