"""The kinds of replacement, in words: what the window, the command line and the captions say of each, and what it asks
for. What each puts in is in `core/replacements/`, a file a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

EditKind = Literal["patch", "zero", "mean", "scale", "resample", "noise", "steer", "optimal"]


@dataclass(frozen=True)
class Kind:
    """words: in a caption. verb: in the history, before what is edited. done: of what is edited. carries: what removed
    edges carry, in a sentence; empty where circuits are not run with it. puts: the same of one. choice: to
    choose it, in the history. takes: its value,
    and usual: where none is given (None: one must be). adds: it adds to what is there instead of replacing it. from_b:
    it is B's, so that nothing changes before the first position at which A and B differ. inputs: it is taken from other
    inputs than the pair, where there are some. learned: it is learned before the first run with it."""

    words: str
    verb: str
    done: str
    carries: str = ""
    puts: str = ""
    choice: str = ""
    takes: Literal["nothing", "number", "vector"] = "nothing"
    usual: float | None = None
    seeded: bool = False
    adds: bool = False
    from_b: bool = False
    inputs: bool = False
    learned: bool = False


KINDS: dict[EditKind, Kind] = {
    "patch": Kind(
        "from B",
        "Patch",
        "replaced from B",
        carries="their value in B",
        puts="its value in B",
        choice="Replace from B",
        from_b=True,
    ),
    "zero": Kind("zero", "Cut", "replaced by zero", carries="zero", puts="zero", choice="Replace with zero"),
    "mean": Kind(
        "mean",
        "Cut",
        "replaced by its mean",
        carries="their mean",
        puts="its mean",
        choice="Replace with the mean",
        inputs=True,
    ),
    "scale": Kind("scale", "Scale", "scaled", takes="number"),
    "resample": Kind("another input's", "Resample", "replaced by another input's", seeded=True, inputs=True),
    "noise": Kind("noise", "Noise on", "with noise added", takes="number", usual=1.0, seeded=True, adds=True),
    "steer": Kind("steer", "Steer", "steered along A minus B", takes="vector", adds=True),
    "optimal": Kind(
        "optimal",
        "Cut",
        "replaced by its optimal constant",
        carries="their optimal constant",
        puts="its optimal constant, which is learned first",
        choice="Replace with the optimal constant",
        inputs=True,
        learned=True,
    ),
}
ABLATIONS: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if row.carries)  # what removed edges carry
EDIT_KINDS: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if not row.learned)
EDIT_WORDS: dict[EditKind, str] = {kind: row.words for kind, row in KINDS.items()}
SEEDED: tuple[EditKind, ...] = tuple(kind for kind, row in KINDS.items() if row.seeded)

assert tuple(KINDS) == get_args(EditKind)
