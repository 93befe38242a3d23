"""How evenly a circuit does over single inputs: a mean can hide that it recovers some of them and not others.

Of each pair alone, (m(circuit) - m(nothing)) / (m(whole) - m(nothing)); pairs in which next to nothing is to be
recovered, less than a fifth of what is usual, have no such share and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.evaluation.measured import Measured
from core.evaluation.statement import Statement
from core.evaluation.verdict import THIRD, tone_of
from core.formatting import counted, percent
from core.glossary import explained
from core.inputs.pair import Dataset

LITTLE = 0.2  # of the usual change: a pair with less has no share
INNER = 0.8  # of the pairs are between the two figures that are told
POOR = 0.5  # of a behaviour: a circuit that recovers less of single inputs does not explain these
SHORT = 90  # signs of an input that are told


@dataclass(frozen=True, eq=False)
class Spread:
    """shares: [pairs], what is recovered of each, NaN of those left out. worst: the number of the pair of which least
    is recovered; low, high: between these are 80 % of the pairs."""

    shares: NDArray[np.float64]
    worst: int
    low: float
    high: float

    @property
    def counted(self) -> int:
        return int(np.isfinite(self.shares).sum())


def spread(runs: Measured) -> Spread | None:
    """Of the first circuit of some runs; None where fewer than two pairs have a share."""
    change = runs.whole - runs.nothing
    usual = float(np.median(np.abs(change)))
    fit = (np.abs(change) >= LITTLE * usual) & (np.abs(change) > 1e-9)
    if fit.sum() < 2:
        return None
    shares = np.full(len(change), np.nan)
    shares[fit] = (runs.circuits[0][fit] - runs.nothing[fit]) / change[fit]
    low, high = np.nanquantile(shares, ((1 - INNER) / 2, (1 + INNER) / 2))
    return Spread(shares, int(np.nanargmin(shares)), float(low), float(high))


def input_of(dataset: Dataset, row: int) -> str:
    """The text (or the file's name) of the A of a row; empty where nobody knows it."""
    for pair in dataset.pairs:
        if row < pair.batch:
            return pair.clean.text if pair.batch == 1 else ""
        row -= pair.batch
    return ""


def say_spread(report: dict[str, Any]) -> list[Statement]:
    """What is under "spread" of a report; nothing of one pair."""
    numbers = report.get("spread")
    if numbers is None:
        return []
    low, high, least, text = numbers["low"], numbers["high"], numbers["worst"], numbers["input"]
    where = f", “{text if len(text) <= SHORT else text[: SHORT - 1] + '…'}”" if text else ""
    words = f"Of single inputs it recovers {percent(low)} to {percent(high)}, and {percent(least)} of the worst{where}."
    good = low >= POOR
    left_out = numbers["of"] - numbers["pairs"]
    detail = f"{percent(INNER)} of {numbers['pairs']:,} pairs are between these two figures."
    if left_out:
        detail += f" {counted(left_out, 'pair')} left out, in which next to nothing is to be recovered."
    return [
        Statement(
            "Single inputs",
            f"{percent(low)} to {percent(high)}",
            words,
            tone_of(good),
            detail,
            explained("single inputs"),
            "" if good else f"It explains some inputs and not others: a tenth of them by {percent(low)} or less.",
            THIRD + min(1.0, max(0.0, 1 - low)) / 2,
            input=text,
        )
    ]
