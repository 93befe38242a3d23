"""Progress that comes at every layer of every run, passed on as often as somebody can read it. Imports no model
library."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.presenters.time_left import Pace
from core.formatting import percent

EVERY = 0.2  # seconds
STEP = 0.02  # of the work


class Telling:
    """Passes shares of a piece of work on: every EVERY seconds, and whenever STEP more is done; none that are less than
    one before."""

    def __init__(
        self, tell: Callable[[float], None], clock: Callable[[], float] = time.monotonic, step: float = STEP
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._step = step
        self._last = clock(), 0.0

    def __call__(self, share: float) -> None:
        now, (then, before) = self._clock(), self._last
        if share >= before and (now - then >= EVERY or share - before >= self._step):
            self._last = now, share
            self._tell(share)


class Line:
    """Progress as one line of a terminal: what is done, the share of it, and how long it still takes. write: takes the
    line."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._pace = Pace(clock)
        self._words = ""
        self._telling = Telling(self._show, clock)
        self._clock = clock

    def __call__(self, words: str, share: float) -> None:
        if words != self._words:
            self._words = words
            self._telling = Telling(self._show, self._clock)
            self._show(share)
            return
        self._telling(share)

    def _show(self, share: float) -> None:
        left = self._pace.left(self._words, share)
        self._write(f"{self._words}: {percent(share)}" + (f", {left}" if left else ""))
