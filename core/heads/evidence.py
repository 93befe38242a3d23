"""What a head's score over a corpus rests on: where it attends as a test says, and how often how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import ArgumentError
from core.heads.identity import HeadIdentities
from core.heads.scores import Best


@dataclass(frozen=True)
class Evidence:
    """kind: the test's name. queries: of the corpus, that have keys such as it says. deciles: of the attention to them,
    the least to the most, to a hundredth [11]. covers: the share of what the head attends to that goes to such keys.
    best: the queries with most, one of an input."""

    kind: str
    head: str
    queries: int
    deciles: tuple[float, ...]
    covers: float
    best: Sequence[Best]


def evidence(identities: HeadIdentities, kind: str, head: str) -> Evidence:
    """Of a head and a test that the corpus was asked. Raises ArgumentError for another one, and for a head that there
    is not."""
    read = identities.read
    if read is None or kind not in read.kinds:
        asked = "nothing: none was read" if read is None else ", ".join(read.kinds)
        raise ArgumentError(f"A corpus is not asked about {kind!r}.", f"It is about: {asked}.")
    if head not in identities.heads:
        raise ArgumentError(f"There is no head {head!r}.", "Name one as a5.h1.")
    place, number = read.kinds.index(kind), identities.heads.index(head)
    queries = int(read.queries[place])
    deciles = tuple(read.deciles[place, number].tolist()) if queries else ()
    covers = float(read.covers[place, number])
    return Evidence(kind, head, queries, deciles, covers, tuple(read.best[place][number]))
