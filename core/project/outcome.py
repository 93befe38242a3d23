"""What the run of a document gave."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PredictionRow:
    """An answer's probability, or a cosine. key: what to pin the answer by; empty where it cannot be pinned.
    below_noise: whether rounding alone may have made its change."""

    label: str
    before: float
    after: float
    in_b: float | None = None  # for B's own run; None without a B
    pinned: bool = False
    key: str = ""
    below_noise: bool = False


@dataclass(frozen=True)
class Outcome:
    """What the run of a step's document gave: the metric, the predictions, and how they are named."""

    metric_name: str
    before: float  # the metric without edits
    after: float
    unit: str
    rows: tuple[PredictionRow, ...]
    edited: bool = False  # by any edits at all
    noise_floor: float = 0.0  # of the metric
    direction: int | None = 1  # A's, in this metric
