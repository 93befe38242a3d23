"""What the welcome page draws: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PackRow:
    """A model pack on the welcome page."""

    name: str  # for `pack:NAME`
    title: str
    description: str
    size_words: str  # "92 MB"
    installed: bool = False
    license: str = ""
