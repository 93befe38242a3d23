"""What a study of head sets shows, as plain values, for the window and the report. Imports no model library."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.formatting import between_words, percent
from core.studies.estimate import Estimate


@dataclass(frozen=True)
class SetRow:
    """A row of the table. name: what is ablated, in words. count: of its heads, in words. cells: of each outcome.
    heads: their names; none of a row that is of no one set."""

    name: str
    count: str
    cells: tuple[str, ...]
    heads: tuple[str, ...] = ()

    @property
    def texts(self) -> list[str]:
        return [self.name, self.count, *self.cells]


@dataclass(frozen=True)
class CurvePoint:
    """share: of all heads. lost: the share of the outcome that is lost. heads: their names; none of a control, which
    is of many draws."""

    share: float
    count: int
    lost: Estimate
    heads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """name: of a set. points: by share. ranking: the number of the one that it is the top of. compared: it is without
    the other ranking's top, or there is no other. control: as many others of its layers, of the main share; None where
    there is none."""

    name: str
    points: tuple[CurvePoint, ...]
    ranking: int
    compared: bool
    control: CurvePoint | None = None


@dataclass(frozen=True)
class OutcomeShown:
    """there: whether the model shows it. curves: of every set but both together; those that are compared come first.
    random: as many heads of neither set, of the main share. unexplained: the share that all sets leave, beyond their
    control; None where it is not known."""

    title: str
    there: bool
    curves: tuple[Curve, ...]
    random: CurvePoint | None
    unexplained: Estimate | None


@dataclass(frozen=True)
class StudyShown:
    """header, rows: of the table. missing: outcomes that the model does not show. findings: what the study says.
    limits: what it does not show. about: how it was made."""

    title: str
    header: tuple[str, ...]
    rows: tuple[SetRow, ...]
    outcomes: tuple[OutcomeShown, ...]
    missing: tuple[str, ...]
    findings: tuple[str, ...]
    limits: tuple[str, ...]
    about: tuple[str, ...]


def share_cell(lost: Estimate) -> str:
    """`41 % (30 to 52)`; "-" of what is not known."""
    if math.isnan(lost.value):
        return "-"
    return f"{percent(lost.value)} ({between_words(lost.low, lost.high)})"
