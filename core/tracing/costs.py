"""What traces cost, in forward runs of the model, for what is said of their time and for how they are cut. Imports no
torch, so that menus can ask."""

from __future__ import annotations

import math
from collections.abc import Mapping

POSITIONS = 256  # of all rows of a batch together, about
LEAST_POSITIONS = 64  # below it, fetching the weights costs more than to multiply by them
WORK = 2e11  # multiplications and additions: some seconds of one or two cores
PREPARED = 2.0  # forward runs: over A and B, before a pair is scored


def forwards(method: str, scored: int, options: Mapping[str, float]) -> float:
    """About how many forward runs of the model a pair takes (see the methods' docstrings). scored: how many edges, or
    nodes, or nodes at positions."""
    steps = options.get("steps", 1)
    if method == "random":
        return 0.0
    if method == "exact-scan":
        return 0.15 * scored
    if method == "acdc":
        return 0.3 * scored * options.get("restarts", 1)
    if method == "circuit-pruning":
        return 3 * steps * math.ceil(math.log(max(scored, 5) / 4) / -math.log(0.6))
    if method == "learned-masks":
        return 3 * options.get("updates", 200)
    return 3 * steps


def batch_positions(weights: int, runs: float) -> int:
    """How many positions of a dataset's pairs are to run together, so that a batch is scored in some seconds: what is
    scored by then is kept when a trace is given up. By the arithmetic and not by the clock: the same trace is cut in
    the same way on every machine, and gives the same numbers. weights: of the model. runs: that each pair takes."""
    return int(min(max(WORK / (2 * max(weights, 1) * max(runs, 1.0)), LEAST_POSITIONS), POSITIONS))
