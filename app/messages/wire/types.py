"""Whether a value is of a type, as fields of messages declare it."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin

import numpy as np

from app.messages.request import Query
from core.tracing.ranking import Ranking

PLAIN = (int, float, str, bool, bytes, type(None))
Fits = Callable[[Any], bool]


def is_value_class(kind: Any) -> bool:
    return isinstance(kind, type) and (is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields")))


def classes_in(hint: Any) -> Iterator[Any]:
    """All that a type names: value classes, plain types, and what is neither."""
    origin = get_origin(hint)
    if origin is Literal or hint is Ellipsis:
        return
    if origin is np.ndarray:
        yield np.ndarray
    elif origin is None:
        yield hint
    else:
        for each in get_args(hint):
            yield from classes_in(each)


@cache
def _fits_cached(hint: Any) -> Fits:
    return _fits(hint)


def fits(hint: Any) -> Fits:
    """A check of values by a type, as fields of messages declare it; of a type that cannot cross nothing fits."""
    try:
        return _fits_cached(hint)
    except TypeError:  # without a hash
        return _fits(hint)


def _fits(hint: Any) -> Fits:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is None:
        return _fits_class(hint)
    if origin is Literal:
        return lambda value: any(value == each and type(value) is type(each) for each in inner)
    if origin in (typing.Union, types.UnionType):
        either = [fits(each) for each in inner]
        return lambda value: any(check(value) for check in either)
    if origin is tuple and (len(inner) != 2 or inner[1] is not Ellipsis):
        checks = [fits(each) for each in inner]
        return lambda value: (
            isinstance(value, tuple)
            and len(value) == len(checks)
            and all(check(each) for check, each in zip(checks, value, strict=True))
        )
    if origin is np.ndarray:
        kind = np.dtype(get_args(inner[1])[0]).kind
        return lambda value: isinstance(value, np.ndarray) and value.dtype.kind == kind
    if isinstance(origin, type) and issubclass(origin, Mapping):
        of_key, of_value = (fits(each) for each in inner)
        return lambda value: (
            isinstance(value, Mapping) and all(of_key(key) and of_value(each) for key, each in value.items())
        )
    if origin is tuple or (isinstance(origin, type) and issubclass(origin, (AbstractSet, Sequence))):
        check = fits(inner[0])
        wanted = (tuple, list) if origin is Sequence else origin
        return lambda value: isinstance(value, wanted) and all(check(each) for each in value)
    return lambda value: False


def is_plain(value: Any) -> bool:
    """Whether it is a plain value, or plain values in lists and mappings."""
    if isinstance(value, dict):
        return all(is_plain(key) and is_plain(each) for key, each in value.items())
    return all(map(is_plain, value)) if isinstance(value, (tuple, list)) else isinstance(value, PLAIN)


def _fits_class(hint: Any) -> Fits:
    if hint is Any:
        return is_plain
    if hint is float:
        return lambda value: isinstance(value, (float, int)) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if hint in PLAIN or hint in (Query, Ranking) or is_value_class(hint):
        return lambda value: isinstance(value, hint)
    return lambda value: False
