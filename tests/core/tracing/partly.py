"""Traces that are cancelled half-way."""

from __future__ import annotations

import pytest

from core.errors import Cancelled
from core.tracing.scores import Scores
from core.tracing.trace import Tracing


def stopped_after(tracing: Tracing, count: int) -> list[tuple[Scores, float]]:
    """The first partial results of a trace that is cancelled when there are so many of them."""
    seen: list[tuple[Scores, float]] = []

    with pytest.raises(Cancelled):
        _collect(tracing, count, seen)
    return seen


def _collect(tracing: Tracing, count: int, seen: list[tuple[Scores, float]]) -> None:
    for part in tracing.parts(lambda: len(seen) >= count):
        seen.append(part)
