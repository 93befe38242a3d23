"""Progress that comes at every layer of every run, passed on as often as somebody can read it. Imports no model
library."""

from __future__ import annotations

import time
from collections.abc import Callable

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
