"""Which weights of attention cannot be knocked out, since a query would see nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.messages.arrow import Arrow
from app.workbench.arrow import blinds
from core.edits import Edit
from core.graph import Entries, Node

HEAD = Node("head", 1, 2)


def opened(window: int | None = None, sink: bool = False, is_text: bool = True) -> Any:
    return SimpleNamespace(windows=(None, window), sinks=(False, sink), is_text=is_text)


@pytest.mark.parametrize(
    ("keys", "query", "model", "edits", "blind"),
    [
        ((0, 1), 1, opened(), (), True),
        ((0, 1), 2, opened(), (), False),
        ((0, -5), 1, opened(), (), True),  # of six: 0 and 1
        ((1, 2), 2, opened(window=2), (), True),
        ((0, 1), 1, opened(sink=True), (), False),
        ((0, 1), 1, opened(is_text=False), (), False),
        ((1,), 1, opened(), (Edit(Entries(HEAD, (-6,)), "knockout", (-5,)),), True),
        ((1,), 1, opened(), (Edit(Entries(HEAD, (0,)), "knockout", strength=0.5),), False),
        ((1,), 1, opened(), (Edit(Entries(HEAD, (0,)), "zero"),), False),
        ((1,), 1, opened(), (Edit(Entries(HEAD, (0,)), "knockout", (2,)),), False),
    ],
)
def test_a_query_that_would_see_nothing(
    keys: tuple[int, ...], query: int, model: Any, edits: tuple[Edit, ...], blind: bool
) -> None:
    assert blinds(Arrow(Entries(HEAD, keys), (query,)), edits, 6, model) == blind
