"""What the panel of the minimal patch shows: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass

from core.edits import Target
from views.widgets.line_column import LineColumn

COLUMNS = (
    LineColumn("From B", "The parts patched from B, in their order; a click selects one on the canvas"),
    LineColumn(
        "With",
        "With this part and all above: by how many logits B's answer is ahead of the best other one; above 0 it has "
        "won",
        figures=True,
    ),
    LineColumn(
        "Without",
        "The same with all parts but this one: the answer is not B's then, so the set needs it",
        figures=True,
    ),
)
HEADERS = tuple(column.title for column in COLUMNS)


@dataclass(frozen=True)
class FlipRow:
    """A part of the set. margin, answer: with it and all parts above; without, its_answer: with all parts but it; empty
    while the set grows. turned: whether the answer is B's there. target: None of the line of no part."""

    part: str
    margin: str
    answer: str
    without: str = ""
    its_answer: str = ""
    turned: bool = False
    target: Target | None = None


def words_of(row: FlipRow) -> tuple[str, ...]:
    """The cells of a line."""
    return row.part, row.margin, row.without


def whole_words_of(row: FlipRow) -> tuple[str, ...]:
    """The same, with the answers."""
    return row.part, f"{row.margin} {row.answer}".strip(), f"{row.without} {row.its_answer}".strip()


@dataclass(frozen=True)
class FlipChoice:
    """What a set may be made of. why_not: why it cannot be here; empty where it can."""

    key: str
    words: str
    why_not: str = ""


@dataclass(frozen=True)
class FlipData:
    """choices: what a set may be made of. rows: the set. headline: what was found, or how far it has
    come. detail: the numbers behind it. problem: why nothing was. why_not: why no search can begin; empty where one
    can. running: whether one runs; share: how far it is."""

    choices: tuple[FlipChoice, ...] = ()
    rows: tuple[FlipRow, ...] = ()
    headline: str = ""
    detail: str = ""
    problem: str = ""
    why_not: str = ""
    running: bool = False
    share: float | None = None
    stale: bool = False
