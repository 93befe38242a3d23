"""What a trace can be told: the level that it scores, and the options of its method. Imports no torch, so that the
command line can be made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from core.errors import ArgumentError

# What is scored: every edge [edges]; every writer [writers]; every writer at every position [writers, position].
Level = Literal["edges", "nodes", "positions"]
LEVELS: tuple[Level, ...] = get_args(Level)


def _option(usual: Any, words: str) -> Any:
    return field(default=usual, metadata={"words": words})


@dataclass(frozen=True)
class Options:
    """What methods can be told; each takes what it needs (its row of the table says which). The words of each are those
    of the command line. Raises ArgumentError for a value that no method could take."""

    steps: int = _option(5, "points of an integral")
    seed: int = _option(0, "of all that is drawn")
    budget: int = _option(200, "circuits that may be run exactly, each over all pairs")
    threshold: float = _option(0.01, "an edge below it is removed")
    restarts: int = _option(1, "of a search, with other orders")
    updates: int = _option(200, "of what is learned")
    keep: float = _option(0.05, "the share of the edges that shall be kept")

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("budget", 0), ("restarts", 1), ("updates", 1)):
            value = getattr(self, name)
            if value < least:
                raise ArgumentError(f"A method needs at least {least} {name.rstrip('s')}, not {value}.")
        if not self.threshold >= 0:
            raise ArgumentError(f"A threshold is 0 or more, not {self.threshold:g}.")
        if not 0 < self.keep < 1:
            raise ArgumentError(f"The share to keep is above 0 and below 1, not {self.keep:g}.")


def options_told(about: Mapping[str, str]) -> Options:
    """The options that scores were made with, as they say it of themselves; the usual ones where they do not."""
    usual = asdict(Options())
    return Options(**{name: type(usual[name])(about[name]) for name in usual if name in about})


def option_fields() -> dict[str, Field[Any]]:
    """The options by name: each has a `default` of its type, and `metadata["words"]`."""
    return {each.name: each for each in fields(Options)}
