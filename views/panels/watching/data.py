"""What is said while parts of the model are watched: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CardVerdict:
    """Of a card's input. words, shorter: the same with less room. unusual: an alarm. stale: of an earlier state."""

    words: str = ""
    shorter: tuple[str, ...] = ()
    tip: str = ""
    unusual: bool = False
    stale: bool = False


@dataclass(frozen=True)
class WatchingData:
    """words: what is watched; none where nothing is. shorter: the same with less room. able: whether the monitor can be
    exported."""

    words: str = ""
    shorter: tuple[str, ...] = ()
    tip: str = ""
    able: bool = False
