"""What is typed into the console: whether it is whole, what was typed before, what a word goes on as."""

from __future__ import annotations

import codeop
from collections.abc import Sequence
from itertools import takewhile

MOST = 200  # pieces of code that are remembered


def is_whole(code: str) -> bool:
    """Whether code can be run as it is; what is begun and not ended wants another line. What is wrong is whole: running
    it says what is wrong."""
    try:
        return codeop.compile_command(code, symbol="exec") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True


def indent_after(line: str) -> str:
    """What the line after this one begins with."""
    spaces = line[: len(line) - len(line.lstrip())]
    return spaces + "    " if line.rstrip().endswith(":") else spaces


def common_start(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names), max(names)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return first[:alike]


class Typed:
    """What was typed before, walked through with the arrows. What is being typed now is the newest of it."""

    def __init__(self) -> None:
        self._codes: list[str] = []
        self._now = ""
        self._place = 0  # after the last one: what is being typed

    def add(self, code: str) -> None:
        """Something was run."""
        if not self._codes or self._codes[-1] != code:
            self._codes.append(code)
            del self._codes[:-MOST]
        self._place, self._now = len(self._codes), ""

    def earlier(self, now: str) -> str:
        """The one before; the oldest stays. now: what stands there."""
        if self._place == len(self._codes):
            self._now = now
        self._place = max(0, self._place - 1)
        return self._codes[self._place] if self._codes else now

    def later(self, now: str) -> str:
        """The one after; after the last one, what was being typed."""
        if self._place >= len(self._codes):
            return now
        self._place += 1
        return self._now if self._place == len(self._codes) else self._codes[self._place]
