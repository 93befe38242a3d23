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
    value: str  # the metric, or the share that the kept circuit recovers; "–" where it was never run, "" of neither
    lane: int
    branches: bool  # it comes off the rail at its left, instead of going on along its own
    goes_on: bool  # something follows it
    starts: bool  # the first step of all
    state: Literal["past", "present", "ahead", "aside"]
    tip: str = ""
    breaks: bool = False  # another model, other inputs or another metric than above: the figures cannot be compared
    spoken: str = ""  # what the value is, for screen readers
    joined: tuple[str, ...] = ()  # the words of all steps of one kind that the row stands for, where they are several
    note: bool = False  # the user has written something to it


@dataclass(frozen=True)
class MetricPoint:
    """The metric at one step. value None: not known. line: points of one are of the same model, inputs and metric, and
    are joined. metric: its name; those of one name have a scale in common."""

    words: str
    value: float | None
    text: str  # the value as it is written
    state: Literal["past", "present", "ahead"]
    line: int = 0
    metric: str = ""
