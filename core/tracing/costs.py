"""What traces cost, in forward runs of the model, for what is said of their time and for how they are cut. Imports no
torch, so that menus can ask."""

from __future__ import annotations

POSITIONS = 256  # of all rows of a batch together, about
LEAST_POSITIONS = 64  # below it, fetching the weights costs more than to multiply by them
WORK = 2e11  # multiplications and additions: some seconds of one or two cores
PREPARED = 2.0  # forward runs: over A and B, before a pair is scored


def batch_positions(weights: int, runs: float) -> int:
    """How many positions of a dataset's pairs are to run together, so that a batch is scored in some seconds: what is
    scored by then is kept when a trace is given up. By the arithmetic and not by the clock: the same trace is cut in
    the same way on every machine, and gives the same numbers. weights: of the model. runs: that each pair takes."""
    return int(min(max(WORK / (2 * max(weights, 1) * max(runs, 1.0)), LEAST_POSITIONS), POSITIONS))
