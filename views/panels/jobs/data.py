"""What the queue of jobs shows, and what the dialog that fills it has to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """title: its head. tip: what it holds. sample: words that it always has room for. most: pixels that it has at
    first, whatever its words. figures: whether its cells are numbers, right aligned."""

    title: str
    tip: str
    sample: str = ""
    most: int = 240
    figures: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("Job", "What it does"),
    Column("State", "One job runs at a time; those that wait run in this order", "Cancelled"),
    Column("Progress", "How many of its pairs are done", "20,000 of 20,000"),
    Column("Pairs/s", "How many pairs a second were done since it went on", "1,000.0", figures=True),
    Column("Time left", "At this rate", "about 40 min", figures=True),
    Column("Result", "What came out, or why nothing did", most=300),
    Column("Model", "And what it computes in, where that is not fp32"),
)
STATE, PROGRESS = 1, 2  # the places of columns


@dataclass(frozen=True)
class JobRow:
    """One job. key: tells it from the others. cells: words, one a column. share: of its pairs that are done; None where
    nobody knows. tone: a colour of the theme for its state. why_not: by button, why it cannot be pressed; the others
    can. turn: what the first button does, "Pause", "Resume" or "Try Again". reason: why it failed. tip: all of it."""

    key: str
    cells: tuple[str, ...]
    share: float | None = None
    tone: str = "muted"
    why_not: Mapping[str, str] = field(default_factory=dict)
    turn: str = "Pause"
    reason: str = ""
    tip: str = ""


@dataclass(frozen=True)
class JobsData:
    """rows: in the order of the queue. about: a line below them."""

    rows: tuple[JobRow, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class ManyPairsData:
    """tasks: name, title, what it asks. method: by what is traced, in words. folder: where new folders lie.
    most_workers: processes that may share the work; why_one: why that is one alone."""

    tasks: tuple[tuple[str, str, str], ...] = ()
    method: str = ""
    folder: str = ""
    most_workers: int = 1
    why_one: str = ""


@dataclass(frozen=True)
class Asked:
    """What the dialog was told. task: its name; empty where the pairs are of a file. pairs: of a task. folder: empty
    for one of its own."""

    task: str = ""
    file: str = ""
    pairs: int = 0
    seed: int = 0
    workers: int = 1
    folder: str = ""
