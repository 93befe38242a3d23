"""What both sides of a link must agree on: the messages that there are, with the types of their fields, above all. A
clone has no version that would say so."""

from __future__ import annotations

import hashlib
import platform
import types
import typing
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin

import numpy as np

from app.messages.wire.codec import VERSION
from app.messages.wire.forms import Forms, forms, hints_of
from app.messages.wire.types import classes_in, is_value_class
from core.optional_packages import version_of
from core.tracing.ranking import RankingParts


def versions() -> dict[str, str]:
    """What both sides must agree on, or should: the form of messages, Wirescope, torch, Python."""
    return {
        "protocol": f"{VERSION}-{_digest_here()}",
        "wirescope": version_of("wirescope"),
        "torch": version_of("torch"),
        "python": platform.python_version(),
    }


@lru_cache(maxsize=1)
def _digest_here() -> str:
    return digest_of(forms())


def digest_of(forms: Forms) -> str:
    """Of the names of all messages and of what they hold, with the types of their fields; the same in every Python, and
    whatever else is imported."""
    known: dict[type, str] = {}
    waiting: list[Any] = [*forms.messages, RankingParts]  # which stand for a ranking
    while waiting:
        kind = waiting.pop()
        if kind in known or not is_value_class(kind):
            continue
        hints = hints_of(kind)
        fields = ", ".join(f"{name}: {spelled(hint)}" for name, hint in hints.items())
        known[kind] = f"{spelled(kind)}({fields})"
        waiting += [each for hint in hints.values() for each in classes_in(hint)]
    return hashlib.sha256("\n".join(sorted(known.values())).encode()).hexdigest()[:12]


def spelled(hint: Any) -> str:
    """A type in words that no version of Python has another way: "tuple[builtins.int, ...]"."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Ellipsis:
        return "..."
    if hint is None or hint is type(None):
        return "None"
    if hint is Any:
        return "Any"
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, inner))}]"
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(spelled, inner))
    if origin is np.ndarray:
        return f"array[{np.dtype(get_args(inner[1])[0]).kind}]"
    if origin is not None:
        return f"{spelled(origin)}[{', '.join(map(spelled, inner))}]"
    return f"{hint.__module__}.{hint.__qualname__}" if isinstance(hint, type) else repr(hint)
