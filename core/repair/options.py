"""What may be asked of a repair: the one place that the window, the terminal and notebooks check against."""

from __future__ import annotations

from typing import Literal

from core.edit_kinds import KINDS
from core.edits import EditKind
from core.errors import ArgumentError
from core.repair.strengths import Level

Find = Literal["learned", "greedy"]
Knowledge = Literal["triggered", "suspicious", "clean"]
LEVELS: tuple[Level, ...] = ("edges", "nodes", "positions")
FINDS: tuple[Find, ...] = ("learned", "greedy")
KNOWLEDGE: dict[Knowledge, str] = {
    "triggered": "inputs on which it goes wrong, with the right answers",
    "suspicious": "inputs of which some may wake a fault, without answers",
    "clean": "nothing but clean inputs",
}
CUTS: dict[EditKind, str] = {  # what each carries
    "project": "all but a direction, which is learned",
    "mean": "its mean over the clean examples",
    "zero": "nought",
}
BUDGET = 0.005  # of the clean accuracy
HELD_OUT = 0.25  # of the examples
MOST = 0.05  # of the parts; beyond it the model would be another one


def usual_find(level: str) -> Find:
    return "greedy" if level == "nodes" else "learned"


def usual_kind(level: str, find: str, knowledge: str) -> EditKind:
    return "project" if level == "edges" and find == "learned" and knowledge != "clean" else "mean"


def along(kind: str | None) -> bool:
    """Whether a cut takes out a direction, which is learned."""
    return any(row.takes == "direction" for name, row in KINDS.items() if name == kind)


def check_options(budget: float, level: str, find: str | None, kind: str | None, most: float, knowledge: str) -> None:
    """Raise ArgumentError for what there is not."""
    if not 0 < budget < 1:
        raise ArgumentError(
            f"A budget of {budget:g} is none: it is the share of the clean accuracy that a repair may cost.",
            "Give a number above 0 and below 1, for example 0.005.",
        )
    if level not in LEVELS:
        raise ArgumentError(f"There is no level {level!r}.", f"There are: {', '.join(LEVELS)}.")
    if find not in (None, *FINDS):
        raise ArgumentError(f"Cuts cannot be found by {find!r}.", f"There are: {', '.join(FINDS)}.")
    if find == "greedy" and level == "positions":
        raise ArgumentError(
            "Cuts at positions are learned, all at once.", 'Leave find out, or take level="edges" or "nodes".'
        )
    if knowledge not in KNOWLEDGE:
        raise ArgumentError(f"There is no knowledge {knowledge!r}.", f"There is: {', '.join(KNOWLEDGE)}.")
    if find == "greedy" and knowledge == "clean":
        raise ArgumentError("From clean inputs alone cuts are learned, all at once.", "Leave find out.")
    if kind not in (None, *CUTS):
        raise ArgumentError(f"A cut cannot carry {kind!r}.", f"It carries: {' or '.join(CUTS)}.")
    if along(kind) and (level != "edges" or find == "greedy" or knowledge == "clean"):
        raise ArgumentError(
            "Directions are learned of edges, from inputs that may wake the fault.",
            'Take "mean" or "zero", or leave it out.',
        )
    if not 0 < most <= 0.5:
        raise ArgumentError(
            f"{most:g} of the parts would leave no model to speak of.", "Give a share above 0, at most 0.5."
        )
