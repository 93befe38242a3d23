"""What the panel of the checkpoints shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepLine:
    """words: what it is. values: one a step, NaN where there is none."""

    words: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class CurvePlot:
    """Lines over the steps of training. short: its title where there is little room."""

    title: str
    short: str
    steps: tuple[int, ...]
    lines: tuple[StepLine, ...]


@dataclass(frozen=True)
class CheckpointsData:
    """title: of the series; empty while none is open. steps, names: of its checkpoints. at: the number of the one that
    is open; None where none is. words: what is known of it. plots: of what was followed so far. problem: why something
    cannot be done. why_not: why nothing can be followed. running, share: of what is followed. playing: it goes on by
    itself. example: of the button for the series that comes with Wirescope; training: it is made, and share is of
    that."""

    title: str = ""
    steps: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    at: int | None = None
    words: str = ""
    plots: tuple[CurvePlot, ...] = ()
    problem: str = ""
    why_not: str = ""
    running: bool = False
    share: float | None = None
    playing: bool = False
    stale: bool = False
    example: str = ""
    training: bool = False
