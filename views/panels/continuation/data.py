"""What the continuation draws: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NewToken:
    """A token that the model wrote. shown: its part of the text. text: all that was written up to it; None where that
    has bytes that are no letter, which cannot be typed. probability: what the model gave it, before the temperature.
    ends: the text ends with it."""

    index: int
    label: str
    shown: str
    text: str | None
    probability: float
    ends: bool = False


@dataclass(frozen=True)
class Choice:
    """How to go on. tokens: how many at most. temperature: 0 takes the likeliest token each time; above it they are
    drawn, by the seed."""

    tokens: int = 20
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class ContinuationData:
    """The texts before and after the edits. after: None without edits. parts_at: the first place at which they differ.
    words: what there is to say of them."""

    before: tuple[NewToken, ...] = ()
    after: tuple[NewToken, ...] | None = None
    edits: int = 0
    parts_at: int | None = None
    stale: bool = False
    words: str = ""
