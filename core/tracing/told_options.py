"""What methods are told: their options by name, checked against the table of methods. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, TypeVar

from core.errors import ArgumentError
from core.tracing.method import METHODS

T = TypeVar("T")


@dataclass(frozen=True, init=False)
class Options:
    """What methods are told, by the names of their options; each takes its own, and for what it is not told its usual
    value, which is also what an attribute of that name is: `Options(steps=3).seed`. Raises ArgumentError for an option
    that no method has, or a value that none of those that have it takes."""

    values: tuple[tuple[str, float], ...]

    def __init__(self, **values: float) -> None:
        options = option_fields()
        numbers = {name: _number(name, value, options) for name, value in values.items()}
        object.__setattr__(self, "values", tuple(sorted(numbers.items())))
        for name in numbers:
            self._check(name)

    def __getattr__(self, name: str) -> Any:
        each = None if name == "values" or name.startswith("_") else option_fields().get(name)
        if each is None:
            raise AttributeError(name)
        return dict(self.values).get(name, each.default)

    def of(self, takes: type[T]) -> T:
        """What a method is told of it. takes: the class of its options. Raises ArgumentError for what it refuses."""
        names = {each.name for each in fields(takes)}  # type: ignore[arg-type]
        return takes(**{name: value for name, value in self.values if name in names})

    def but(self, **values: float) -> Options:
        """The same with some of them told anew."""
        return Options(**{**dict(self.values), **values})

    def _check(self, name: str) -> None:
        """Raise ArgumentError where every method that has an option refuses its value."""
        value, errors = dict(self.values)[name], []
        for method in METHODS.values():
            if name in method.options:
                try:
                    method.takes(**{name: value})
                    return
                except ArgumentError as error:
                    errors.append(error)
        raise errors[0]


def _number(name: str, value: float, options: Mapping[str, Field[Any]]) -> float:
    """A value as its option has it. Raises ArgumentError."""
    if name not in options:
        raise ArgumentError(f"No method has an option {name!r}.", f"There are: {', '.join(options)}.")
    if not isinstance(options[name].default, int):
        return float(value)
    if value != value or value in (float("inf"), float("-inf")) or int(value) != value:
        raise ArgumentError(f"The option {name} is a whole number, not {value}.")
    return int(value)


def options_told(about: Mapping[str, str]) -> Options:
    """The options that scores were made with, as they say it of themselves; the usual ones where they do not. Raises
    ArgumentError for what no option can be, as a file may say it."""
    values = {}
    for name in option_fields().keys() & about.keys():
        try:
            values[name] = float(about[name])
        except ValueError:
            raise ArgumentError(f"The option {name} of these scores is {about[name]!r}, no number.") from None
    return Options(**values)


def option_fields() -> dict[str, Field[Any]]:
    """The options of all methods by name: each has a `default` of its type, and `metadata` with `words` and what else
    `option` was given. Where several methods have one of a name, that of the first."""
    options: dict[str, Field[Any]] = {}
    for method in METHODS.values():
        for each in fields(method.takes):
            options.setdefault(each.name, each)
    return options
