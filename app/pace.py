"""How long what runs will still take, from how fast it went so far. Imports no model library."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_SECONDS, LEAST_SHARE = 2.0, 0.02  # seen of the work before anything is said
WORTH_SAYING = 8.0  # seconds


class Pace:
    """Of one piece of work after the other, told apart by their words."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._words = ""
        self._began: tuple[float, float] | None = None  # when, and the share that was done then

    def restart(self) -> None:
        """Work begins, or goes on after a rest: how fast it went before, and the rest, tell nothing."""
        self._began = None

    def left(self, words: str, share: float | None) -> str:
        """ "about 40 s left", for work of which a share is done; empty where it is not known, or not worth saying."""
        now = self._clock()
        if words != self._words or share is None or self._began is None or share < self._began[1]:
            self._words = words
            self._began = None if share is None else (now, share)
            return ""
        seconds, done = now - self._began[0], share - self._began[1]
        if seconds < LEAST_SECONDS or done < LEAST_SHARE:
            return ""
        left = seconds * (1 - share) / done
        return "" if left < WORTH_SAYING else f"{seconds_words(left)} left"


def seconds_words(seconds: float) -> str:
    """ "about 40 s", "about 4 min", "about 2 h"."""
    if seconds < 90:
        return f"about {max(round(seconds, -1), 5):.0f} s" if seconds >= 20 else f"about {seconds:.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.0f} h"
