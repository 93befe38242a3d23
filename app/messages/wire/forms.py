"""The value classes that may cross between window and worker, found from those of messages by what these declare.

Each query and reply is a frozen dataclass; a field that holds another value class names it, and so on. Nothing that is
not named so can be made of what comes in.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any, get_type_hints

from app.messages.wire.types import Fits, classes_in, fits, is_value_class
from core.graph import Graph
from core.tracing.ranking import Ranking, RankingParts
from core.tracing.scores import Scores

ROOMS = ("app.messages.", "app.presenters.", "core.", "views.")  # whose classes may cross, beside the queries' own
NOT_IMPORTED = {"Scores": Scores}  # under TYPE_CHECKING where it is declared


@dataclass(frozen=True)
class Form:
    """A class that may cross. hints: the types of its fields. stand_in: makes the values that cross of an object that
    is no value class; make: makes the object of its fields."""

    name: str
    hints: Mapping[str, Any]
    checks: Mapping[str, Fits]
    make: Callable[[dict[str, Any]], Any]
    stand_in: Callable[[Any], Any] | None = None

    def fits(self, field: str, value: Any) -> bool:
        """Whether a value is of the type that a field declares."""
        return self.checks[field](value)


class Forms:
    """The allow-list: the dataclasses of some modules, with all that they hold."""

    def __init__(self, modules: Iterable[str]) -> None:
        self.by_class: dict[type, Form] = {}
        self.by_name: dict[str, Form] = {}
        self._graphs: dict[Any, Graph] = {}
        self.messages: tuple[type, ...] = tuple(kind for module in modules for kind in _classes_of(module))
        for kind in _with_parts(self.messages):
            self._add(kind)
        parts = self._add(RankingParts)
        self.by_class[Ranking] = Form(parts.name, parts.hints, parts.checks, parts.make, lambda ranking: ranking.parts)

    def _add(self, kind: type) -> Form:
        hints = hints_of(kind)
        checks = {name: fits(hint) for name, hint in hints.items()}
        form = Form(f"{kind.__module__}.{kind.__qualname__}", hints, checks, self._maker(kind))
        self.by_class[kind] = self.by_name[form.name] = form
        return form

    def _maker(self, kind: type) -> Callable[[dict[str, Any]], Any]:
        """What makes an object of its fields. A graph that comes again is the one that came before, with all that is
        known of it by then: it comes with every reply of the model."""
        if kind is RankingParts:
            return lambda values: Ranking.of_parts(RankingParts(**values))
        if not issubclass(kind, Graph):
            return lambda values: kind(**values)

        def make(values: dict[str, Any]) -> Graph:
            graph = kind(**values)
            return self._graphs.setdefault((kind, graph, graph.units), graph)

        return make


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Those of this package: all messages, and the queries and replies of all its features."""
    return Forms(
        (
            *(f"app.messages.{each.name}" for each in _modules_of("app.messages") if not each.ispkg),
            *feature_modules("queries"),
        )
    )


def feature_modules(name: str) -> tuple[str, ...]:
    """The modules of a name (queries, handlers) that features of this package have, without importing a window."""
    features = [each for each in _modules_of("app.features") if each.ispkg]
    names = (f"app.features.{feature.name}.{name}" for feature in features)
    return tuple(each for each in names if importlib.util.find_spec(each) is not None)


def _modules_of(package: str) -> Iterable[pkgutil.ModuleInfo]:
    return pkgutil.iter_modules(importlib.import_module(package).__path__)


def hints_of(kind: type) -> dict[str, Any]:
    """The types of a value class's fields."""
    hints = get_type_hints(kind, localns=NOT_IMPORTED)
    if is_dataclass(kind):
        return {each.name: hints[each.name] for each in fields(kind) if each.init}
    return {name: hints[name] for name in kind._fields}  # type: ignore[attr-defined]


def _classes_of(module: str) -> list[type]:
    """The dataclasses that a module defines."""
    members: dict[str, object] = vars(importlib.import_module(module))
    kinds = [each for each in members.values() if isinstance(each, type)]
    return [kind for kind in kinds if is_dataclass(kind) and kind.__module__ == module]


def _with_parts(kinds: Iterable[type]) -> list[type]:
    """Value classes, with those of their fields and the subclasses that stand for them."""
    known: dict[type, None] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if not is_value_class(kind) or kind in known:
            continue
        known[kind] = None
        waiting += [each for hint in hints_of(kind).values() for each in classes_in(hint)]
        below: list[type] = type.__subclasses__(kind)
        waiting += [each for each in below if each.__module__.startswith(ROOMS)]
    return list(known)
