"""What a method of tracing scores, and how it says which options it takes. Imports no torch, so that the command line
and the menu can be made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from core.errors import ArgumentError

# What is scored: every edge [edges]; every writer [writers]; every writer at every position [writers, position]; every
# edge at every span of positions [edges, spans].
Level = Literal["edges", "nodes", "positions", "edge-spans"]
LEVELS: tuple[Level, ...] = get_args(Level)
WITHOUT_SPANS: tuple[Level, ...] = ("edges", "nodes", "positions")
CIRCUITS: tuple[Level, ...] = ("edges", "edge-spans")  # of which a circuit is made edge by edge
LEVEL_WORDS = {"positions": "nodes at positions", "edge-spans": "edges at spans"}  # where its name is not enough
T = TypeVar("T")


def option(
    usual: float, words: str, *, title: str = "", least: float = 0, most: float = 1_000_000, digits: int = 3
) -> Any:
    """A field of a method's options, a frozen dataclass whose fields are numbers. words: what the command line says of
    it. title, and from `least` to `most` with so many digits behind the point (of an int none): its field in the
    window. What a method refuses, its `__post_init__` refuses, with ArgumentError."""
    is_whole = isinstance(usual, int)
    form = {"title": title, "least": least, "most": most, "digits": 0 if is_whole else digits}
    return field(default=usual, metadata={"words": words, **form})


def steps_option() -> Any:
    return option(5, "points of an integral", title="Steps", least=1, most=200)


def seed_option() -> Any:
    return option(0, "of all that is drawn", title="Seed")


def check_count(name: str, value: float, least: int = 1) -> None:
    """Raise ArgumentError where there are fewer. name: in the plural."""
    if not value >= least:
        raise ArgumentError(f"A method needs at least {least} {name.rstrip('s')}, not {value}.")


@dataclass(frozen=True)
class NoOptions:
    """Of a method that takes none."""


@dataclass(frozen=True)
class StepsOptions:
    """Of a method that takes an integral in steps."""

    steps: int = steps_option()

    def __post_init__(self) -> None:
        check_count("steps", self.steps)
