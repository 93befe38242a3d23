"""What the panel *Repair* shows, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.edits import Target

LEVELS: tuple[tuple[str, str, str], ...] = (
    ("edges", "Edges", "Cut what single edges carry: precise; the repaired model is weights and a file beside them"),
    (
        "positions",
        "Positions",
        "Cut heads and MLPs at some positions, counted from the start: for inputs of one form",
    ),
    ("nodes", "Nodes", "Cut whole heads and MLPs: coarser; the weights alone hold the repair"),
)
KNOWLEDGE: tuple[tuple[str, str, str], ...] = (
    ("triggered", "Known faults", "The model goes wrong on the marked inputs, and their right answers are known"),
    (
        "suspicious",
        "Suspicions",
        "Some of the marked inputs may wake a fault: what in them makes the model go wrong is looked for, and their "
        "right answers are not read",
    ),
    (
        "clean",
        "Clean inputs only",
        "Nothing is known of a fault: all is cut that clean answers do not need. Marked inputs are not used, and "
        "nothing proves that a fault is gone",
    ),
)
PHASES: tuple[tuple[str, str], ...] = (("find", "Find"), ("cut", "Cut"), ("prove", "Prove"))


@dataclass(frozen=True)
class ExampleRow:
    """One example. picture: its input is a picture's path. given: what the model answers; "" until it is known. right:
    whether that is the right answer. problem: why the example cannot be used."""

    input: str
    answer: str
    triggered: bool
    picture: bool = False
    given: str = ""
    right: bool | None = None
    problem: str = ""

    @property
    def misbehaves(self) -> bool:
        return self.right is False


@dataclass(frozen=True)
class Measured:
    """A share before and after: words with the count, and its interval of 95 %."""

    title: str
    tip: str
    before: str
    after: str
    interval: str = ""
    better: bool | None = None


@dataclass(frozen=True)
class CutRow:
    """One cut: what is cut and how strongly, from 0 to 1."""

    target: Target
    name: str
    strength: float


@dataclass(frozen=True)
class ResultData:
    """What a repair came to. headline: what is cut. figures: what that does, in a line. measured: before and after.
    unproved: what that does not show. carries: what a cut part has in its place. stale: why it is not of what the panel
    shows now; "" while it is."""

    headline: str
    figures: str
    of: str
    measured: tuple[Measured, ...]
    unproved: tuple[str, ...]
    cuts: tuple[CutRow, ...]
    carries: str
    stale: str = ""


@dataclass(frozen=True)
class Running:
    """phase: the key of what is being done. share: of it; None until something is known."""

    phase: str = ""
    share: float | None = None
    words: str = ""


@dataclass(frozen=True)
class RepairData:
    """counts: of the examples, in words; shorter ways to say it after it. problem: what is wrong and what to do. note:
    what came of the last thing that was done. why_not: by the key of a button, why it cannot be pressed now. running:
    while a repair is looked for."""

    rows: tuple[ExampleRow, ...] = ()
    counts: tuple[str, ...] = ("",)
    problem: str = ""
    note: str = ""
    result: ResultData | None = None
    running: Running | None = None
    why_not: dict[str, str] = field(default_factory=dict)
