"""How the strip under the canvas fits its width: which of its words it says, in one row or in two, and whether there is
room for the list of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QFontMetrics

EDGES, GAP = 24, 8  # pixels: left and right of the strip, and between two things in it
BOLDER = 1.08  # by what a heading is wider than its metrics say
FORMS = ((0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3))  # of title and note
SHORT_FORMS = ((0, 0), (0, 1), (1, 1), (1, 2))  # of few words


@dataclass(frozen=True)
class Room:
    """Pixels. width: of the strip; field: of the number of edges; rule: of the list of rules, 0 without one; buttons:
    of those behind the words, each with its gap."""

    width: int
    field: int
    rule: int
    buttons: int


@dataclass(frozen=True)
class Fit:
    title: str
    note: str
    in_two: bool  # the note and the buttons are in a row of their own
    has_rule: bool


def fitted(titles: Sequence[str], notes: Sequence[str], bold: QFontMetrics, plain: QFontMetrics, room: Room) -> Fit:
    """As much as there is room for. titles, notes: the longest first. The note on the right gives way first; where
    there is no room for the shortest words, they take two rows; in the narrowest strip the list gives way, since what
    is shown comes first."""
    rule = room.rule + GAP if room.rule else 0
    alone = room.width - room.field - EDGES - GAP  # for the title in a row without the note
    if rule and alone - rule < _wide(bold, titles[-1]):
        rule = 0
    beside = room.width - room.field - rule - EDGES - 5 * GAP - room.buttons
    for i, j in FORMS if len(titles) > 2 else SHORT_FORMS:
        if i < len(titles) and j < len(notes):
            title, note = titles[i], notes[j]
            if title and _wide(bold, title) + plain.horizontalAdvance(note) <= beside:
                return Fit(title, note, False, rule > 0)
    title = next((words for words in titles if _wide(bold, words) <= alone - rule), titles[-1])
    below = beside + room.field + rule
    note = next((words for words in notes if plain.horizontalAdvance(words) <= below), notes[-1])
    return Fit(title, note, True, rule > 0)


def _wide(bold: QFontMetrics, words: str) -> float:
    return bold.horizontalAdvance(words) * BOLDER
