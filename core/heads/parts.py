"""Where a measurement keeps its parts while it goes on, so that one that was stopped is not begun anew."""

from __future__ import annotations

from typing import Any, Protocol


class Parts(Protocol):
    """By name, plain lists and numbers: a dictionary, or what keeps them on disk."""

    def __contains__(self, key: str, /) -> bool: ...

    def __getitem__(self, key: str, /) -> Any: ...

    def __setitem__(self, key: str, value: Any, /) -> None: ...
