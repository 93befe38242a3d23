"""Two clones whose messages differ do not take each other for the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, Optional, Union

import numpy as np
import pytest
from numpy.typing import NDArray

from app.messages.wire.versions import digest_of, spelled, versions
from core.graph import Graph

ROOT = Path(__file__).parents[3]
SAYS = "from app.messages.wire.versions import versions; print(versions()['protocol'])"


@dataclass(frozen=True)
class Part:
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Message:
    part: Part


def of(*kinds: type) -> str:
    return digest_of(SimpleNamespace(messages=kinds))  # type: ignore[arg-type]


def test_the_digest_is_another_where_a_field_of_any_message_or_of_what_it_holds_is(monkeypatch) -> None:
    before = of(Message)
    assert of(Message) == before
    assert of(Message, Part) == before  # it is held already
    monkeypatch.setitem(Part.__annotations__, "sizes", "tuple[float, ...]")
    retyped = of(Message)
    assert retyped != before
    monkeypatch.setitem(Message.__annotations__, "part", "Part | None")
    assert of(Message) not in (before, retyped)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (tuple[int, ...], "builtins.tuple[builtins.int, ...]"),
        (Optional[str], "builtins.str | None"),  # noqa: UP045
        (Union[int, str, None], "builtins.int | builtins.str | None"),  # noqa: UP007
        (int | str | None, "builtins.int | builtins.str | None"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Mapping[str, Any], "collections.abc.Mapping[builtins.str, Any]"),
        (NDArray[np.float64], "array[f]"),
        (Graph, "core.graph.Graph"),
    ],
    ids=str,
)
def test_a_type_is_spelled_in_one_way(hint: Any, words: str) -> None:
    """In every version of Python: two of these may talk."""
    assert spelled(hint) == words


def test_the_digest_does_not_depend_on_what_else_is_imported() -> None:
    """A window has other modules than a worker."""
    done = subprocess.run(
        [sys.executable, "-c", SAYS], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    import app.window.main_window  # noqa: F401

    assert done.stdout.strip() == versions()["protocol"]
