"""What circuits of all sizes recovered, as a project keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.edit_kinds import EditKind
from core.errors import InputError
from core.project.document import Document
from core.project.equality import EqualArrays
from core.project.schema import CurveData
from core.tracing.selection import RULES, USUAL


@dataclass(frozen=True, eq=False)
class CurveRecord(EqualArrays):
    """What circuits of all sizes recovered, of a document: its inputs, metric, trace and rule. Points by their sizes in
    edges, none below the one before; band: [2, points], lowest and highest of random circuits; sure: [2, points], 95 %
    by bootstrap over the `pairs` of a dataset, None for the pair on the cards. kind: what removed edges carried. by:
    the title of the method; rule: by which edges were chosen, where it could."""

    document: Document
    kind: EditKind
    by: str
    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    band: NDArray[np.float64]
    cpr: float
    cmd: float
    sure: NDArray[np.float64] | None = None
    pairs: int = 0
    rule: str = USUAL

    @property
    def is_finite(self) -> bool:
        """Whether all figures came to a number."""
        sure = () if self.sure is None else self.sure.flat
        return bool(np.isfinite([self.cpr, self.cmd, *self.recovered, *self.band.flat, *sure]).all())


def curve_data(curve: CurveRecord, document: int) -> CurveData:
    """As a file has it. document: the number of its document there."""
    low, high = curve.band.tolist()
    sure = [] if curve.sure is None else curve.sure.tolist()
    points = list(curve.sizes), list(curve.recovered), low, high
    rule = "" if curve.rule == USUAL else curve.rule
    return CurveData(document, curve.kind, curve.by, *points, curve.cpr, curve.cmd, sure, curve.pairs, rule)


def curve_of(data: CurveData, document: Document) -> CurveRecord:
    """From a file. Raises InputError for what is no curve."""
    rows = [data.recovered, data.low, data.high, *data.sure]
    if len(data.sure) == 1 or any(len(row) != len(data.sizes) for row in rows):
        raise InputError("one of its curves has rows of other lengths than its points")
    if not data.sizes or any(after < before for before, after in pairwise(data.sizes)):
        raise InputError("the sizes of one of its curves fall")
    if data.rule and data.rule not in RULES:
        raise InputError(f"there is no rule of choosing circuits called {data.rule[:40]!r}")
    sure = np.array(data.sure) if data.sure else None
    points = tuple(data.sizes), tuple(data.recovered), np.array([data.low, data.high])
    rule = data.rule or USUAL
    curve = CurveRecord(document, data.kind, data.by, *points, data.cpr, data.cmd, sure, data.pairs, rule)
    if not curve.is_finite:
        raise InputError("one of its curves has figures that are not finite")
    return curve
