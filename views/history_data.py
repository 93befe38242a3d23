"""What the views of the history draw: its steps as rows, and the metric along the way to the present one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class StepRow:
    """One step of the history. lane: the rail it lies on, 0 the leftmost; a branch that was left lies one to the right
    of what it branched from, so a line of steps stays straight.

    state: in effect, the present one, one that redo leads to, or of another branch.
    """

    words: str
    value: str  # of the metric; "–" where it was never run
    lane: int
    branches: bool  # it comes off the rail at its left, instead of going on along its own
    goes_on: bool  # something follows it
    starts: bool  # the first step of all
    state: Literal["past", "present", "ahead", "aside"]
    tip: str = ""


@dataclass(frozen=True)
class MetricPoint:
    """The metric at one step. value None: not known, or of another metric."""

    words: str
    value: float | None
    text: str  # the value as it is written
    state: Literal["past", "present", "ahead"]
