"""The smallest circuit of a ranking that recovers a share of the behaviour.

Steps:
1. Really run circuits of rising sizes (MIB's fractions of the edges), up to the first that recovers the share.
2. Between it and the one before, halve: the circuit in the middle is run, and takes the place of one of the two.
3. At the end they are one edge apart: one recovers the share, the other does not.

More edges need not recover more, so a smaller circuit that no step ran may recover the share as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import ArgumentError
from core.evaluation.faithfulness import FRACTIONS, sizes_of


@dataclass(frozen=True)
class Smallest:
    """size: edges of the circuit; share: of the behaviour, what it recovers; before: what the circuit of one edge less
    recovers; runs: circuits that were asked for."""

    size: int
    share: float
    before: float
    runs: int


def part_of_search(run: int, edges: int) -> tuple[float, float]:
    """Of the whole search, where its run number `run` (from 1) begins and ends, if it takes all that it may."""
    most = len(FRACTIONS) + edges.bit_length()
    return min(run - 1, most - 1) / most, min(run, most) / most


def smallest_circuit(
    share_of: Callable[[int], float],
    edges: int,
    least: float,
) -> Smallest | None:
    """share_of: what the circuit of the best so many edges recovers. least: the share to recover, above 0. None where
    no size recovers it, which can be for a share above 1 alone. Raises ArgumentError for another share, and what
    `share_of` raises."""
    if not least > 0:
        raise ArgumentError(f"A share to recover is above 0, not {least:g}.")
    runs = 0

    def run(size: int) -> float:
        nonlocal runs
        runs += 1
        return share_of(size)

    low, below = 0, 0.0  # no edges recover nothing, as the share is defined
    high, above = 0, 0.0
    for size in dict.fromkeys(sizes_of(edges, FRACTIONS)):
        share = run(size)
        if share >= least:
            high, above = size, share
            break
        low, below = size, share
    if not high:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        share = run(middle)
        if share >= least:
            high, above = middle, share
        else:
            low, below = middle, share
    return Smallest(high, above, below, runs)
