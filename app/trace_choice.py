"""What the user chose for tracing: the method, what it is told, and whether it goes over the pair or the dataset.
Imports no model library."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from app.pace import seconds_words
from core.tracing.options import Level

QUICK = "eap"  # the method of the estimates that are there without asking
SLOW = ("exact-scan", "acdc", "circuit-pruning", "learned-masks")  # are never run without being asked for

WORTH_SAYING = 2.0  # seconds


@dataclass(frozen=True)
class TraceChoice:
    """method: a name of `core.tracing.methods`. options: what the method is told other than its defaults, by name.
    over_dataset: score the dataset's pairs, not the pair on the cards. file: nothing is scored, the scores are
    read. level: edges make circuits; nodes, and nodes at positions, are coloured."""

    method: str = "eap-ig"
    options: tuple[tuple[str, float], ...] = ()
    over_dataset: bool = False
    file: str = ""
    level: Level = "edges"

    def with_option(self, name: str, value: float) -> TraceChoice:
        return replace(self, options=tuple(sorted({**dict(self.options), name: value}.items())))

    @property
    def takes_long(self) -> bool:
        """Whether it is only run when somebody asks for it."""
        return not self.file and (self.over_dataset or self.method in SLOW)


ESTIMATES = TraceChoice(QUICK)
USUAL = TraceChoice()  # what Trace does until the user says otherwise


def forwards(method: str, edges: int, options: dict[str, float]) -> float:
    """About how many forward runs of the model a pair takes (see the methods' docstrings). edges: that are scored, or
    nodes, or nodes at positions."""
    steps = options.get("steps", 1)
    if method == "random":
        return 0.0
    if method == "exact-scan":
        return 0.15 * edges
    if method == "acdc":
        return 0.3 * edges * options.get("restarts", 1)
    if method == "circuit-pruning":
        return 3 * steps * math.ceil(math.log(max(edges, 5) / 4) / -math.log(0.6))
    if method == "learned-masks":
        return 3 * options.get("updates", 200)
    return 3 * steps


def pairs_words(pairs: int) -> str:
    """ "1 pair", "24 pairs"."""
    return f"{pairs:,} pair{'s' * (pairs != 1)}"


def cost_words(seconds: float) -> str:
    """ "about 4 min"; empty where it is not worth a word."""
    return "" if seconds < WORTH_SAYING else seconds_words(seconds)
