"""Values of the types that fields of messages declare, made from the types alone."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any, Literal, get_args, get_origin

import numpy as np

from app.features.console.queries import CompleteQuery
from app.messages.request import Query
from app.messages.wire.forms import hints_of
from app.messages.wire.types import is_value_class
from core.edits import Edit
from core.graph import Graph, Node
from core.inputs.corruption_kinds import ImageCorruption
from core.nodes import Entries
from core.tracing.ranking import Ranking

GRAPH = Graph(2, 2, 1)
GIVEN: dict[Any, Any] = {
    str: "ü \u2028 ✓",
    int: 7,
    float: 0.25,
    bool: True,
    bytes: b"\x00\xff",
    type(None): None,
    Any: ("plain", 1.5, None, True),
    Graph: GRAPH,
    Query: CompleteQuery(text="se"),
    Edit: Edit(Node("head", 1, 0), "patch", (1, -1), strength=0.5),
    Entries: Entries(Node("head", 1, 0), (3, "subject")),
    ImageCorruption: ImageCorruption("noise", (1, 2), 3),
}


def value_of(hint: Any) -> Any:
    """A value of a type, with something in all that may be empty."""
    if hint is Ranking:
        values = np.array([0.5, np.nan, -2.0, 1.0])
        return Ranking(values, kept=np.array([True, False, True, True]), of_metric=-1)
    if hint in GIVEN:
        return GIVEN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return inner[-1]
    if origin in (typing.Union, types.UnionType):
        return value_of(next(each for each in inner if each is not type(None)))
    if origin is np.ndarray:
        kind = np.dtype(get_args(inner[1])[0])
        return (np.arange(6).reshape(2, 3) % 2).astype(kind)
    if origin is tuple:
        return tuple(map(value_of, inner[:1] * 2 if inner[-1] is Ellipsis else inner))
    if isinstance(origin, type) and issubclass(origin, typing.Mapping):
        return {value_of(inner[0]): value_of(inner[1])}
    if origin is frozenset:
        return frozenset({value_of(inner[0])})
    if isinstance(origin, type) and issubclass(origin, typing.Sequence):
        return (value_of(inner[0]), value_of(inner[0]))
    if is_value_class(hint):
        return hint(**{name: value_of(each) for name, each in hints_of(hint).items()})
    raise TypeError(f"nothing of the type {hint} can be made, so it cannot cross either")


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, arrays and NaN among them; all fields, also those that are not compared."""
    if isinstance(one, Ranking):
        return isinstance(other, Ranking) and same(one.parts, other.parts)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if type(one) is not type(other):
        return False
    if dataclasses.is_dataclass(one):
        names = [each.name for each in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return bool(one == other) or (one != one and other != other)
