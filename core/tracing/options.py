"""What a trace can be told: the level that it scores, and the options of its method. Imports no torch, so that the
command line and the menu can be made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
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
    whole = isinstance(usual, int)
    form = {"title": title, "least": least, "most": most, "digits": 0 if whole else digits}
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


@dataclass(frozen=True, init=False)
class Options:
    """What methods are told, by the names of their options; each takes its own, and for what it is not told its usual
    value, which is also what an attribute of that name is: `Options(steps=3).seed`. Raises ArgumentError for an option
    that no method has, or a value that none of those that have it takes."""

    told: tuple[tuple[str, float], ...]

    def __init__(self, **told: float) -> None:
        known = option_fields()
        values = {name: _number(name, value, known) for name, value in told.items()}
        object.__setattr__(self, "told", tuple(sorted(values.items())))
        for name in values:
            self._check(name)

    def __getattr__(self, name: str) -> Any:
        each = None if name == "told" or name.startswith("_") else option_fields().get(name)
        if each is None:
            raise AttributeError(name)
        return dict(self.told).get(name, each.default)

    def of(self, takes: type[T]) -> T:
        """What a method is told of it. takes: the class of its options. Raises ArgumentError for what it refuses."""
        names = {each.name for each in fields(takes)}  # type: ignore[arg-type]
        return takes(**{name: value for name, value in self.told if name in names})

    def but(self, **told: float) -> Options:
        """The same with some of them told anew."""
        return Options(**{**dict(self.told), **told})

    def _check(self, name: str) -> None:
        """Raise ArgumentError where every method that has an option refuses its value."""
        from core.tracing.methods import METHODS  # here: the table holds all methods, and this file is theirs too

        value, errors = dict(self.told)[name], []
        for method in METHODS.values():
            if name in method.options:
                try:
                    method.takes(**{name: value})
                    return
                except ArgumentError as error:
                    errors.append(error)
        raise errors[0]


def _number(name: str, value: float, known: Mapping[str, Field[Any]]) -> float:
    """A value as its option has it. Raises ArgumentError."""
    if name not in known:
        raise ArgumentError(f"No method has an option {name!r}.", f"There are: {', '.join(known)}.")
    if not isinstance(known[name].default, int):
        return float(value)
    if value != value or value in (float("inf"), float("-inf")) or int(value) != value:
        raise ArgumentError(f"The option {name} is a whole number, not {value}.")
    return int(value)


def options_told(about: Mapping[str, str]) -> Options:
    """The options that scores were made with, as they say it of themselves; the usual ones where they do not. Raises
    ArgumentError for what no option can be, as a file may say it."""
    told = {}
    for name in option_fields().keys() & about.keys():
        try:
            told[name] = float(about[name])
        except ValueError:
            raise ArgumentError(f"The option {name} of these scores is {about[name]!r}, no number.") from None
    return Options(**told)


def option_fields() -> dict[str, Field[Any]]:
    """The options of all methods by name: each has a `default` of its type, and `metadata` with `words` and what else
    `option` was given. Where several methods have one of a name, that of the first."""
    from core.tracing.methods import METHODS  # here: the table holds all methods, and this file is theirs too

    known: dict[str, Field[Any]] = {}
    for method in METHODS.values():
        for each in fields(method.takes):
            known.setdefault(each.name, each)
    return known
