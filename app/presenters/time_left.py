"""How long what runs will still take, from how fast it went so far. Imports no model library."""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_SECONDS, LEAST_SHARE = 2.0, 0.02  # seen of the work before anything is said
WINDOW_SECONDS = 60.0  # the speed of which is what counts
WORTH_SAYING = 8.0  # seconds
COST_WORTH_SAYING = 2.0  # seconds


class Pace:
    """Of one piece of work after the other, told apart by their words. How fast it goes is seen of the last minute: of
    some work the first part is the slowest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._words = ""
        self._seen: list[tuple[float, float]] = []  # when, and the share that was done then

    def restart(self) -> None:
        """Work begins, or goes on after a rest: how fast it went before, and the rest, tell nothing."""
        self._seen = []

    def left(self, words: str, share: float | None, reckoned: float | None = None) -> str:
        """ "about 40 s left", for work of which a share is done; empty where it is not known, or not worth saying.
        reckoned: seconds for the whole of it, which is what is said until its speed is seen."""
        now = self._clock()
        if words != self._words or share is None or not self._seen or share < self._seen[-1][1]:
            self._words = words
            self._seen = [] if share is None else [(now, share)]
            return "" if share is None or reckoned is None else _left(reckoned * (1 - share))
        self._seen.append((now, share))
        while len(self._seen) > 2 and self._seen[1][0] <= now - WINDOW_SECONDS:
            del self._seen[0]
        seconds, done = now - self._seen[0][0], share - self._seen[0][1]
        if seconds < LEAST_SECONDS or done < LEAST_SHARE:
            return "" if reckoned is None else _left(reckoned * (1 - share))
        return _left(seconds * (1 - share) / done)


def _left(seconds: float) -> str:
    return "" if seconds < WORTH_SAYING else f"{seconds_words(seconds)} left"


def seconds_words(seconds: float) -> str:
    """ "about 40 s", "about 4 min", "about 2 h"."""
    if seconds < 90:
        return f"about {max(round(seconds, -1), 5):.0f} s" if seconds >= 20 else f"about {seconds:.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.0f} h"


def cost_words(seconds: float) -> str:
    """ "about 4 min"; empty where it is not worth a word."""
    return "" if seconds < COST_WORTH_SAYING else seconds_words(seconds)
