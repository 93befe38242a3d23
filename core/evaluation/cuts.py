"""A cut of a task: edges that are cut as a whole, or along one direction each; and what is left where it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.errors import Cancelled
from core.evaluation.faithfulness import without
from core.evaluation.measured import Measured, measure
from core.progress import at
from core.scan import Scan
from core.session import Session

SINGLES = 200  # edges of a cut, at most, that are cut one at a time too
Cancel = Callable[[], bool] | None


@dataclass(frozen=True, eq=False)
class Cut:
    """circuit: the edges. directions: edits that take a direction out of each; nothing where they are cut as a whole,
    and carry a replacement."""

    circuit: Circuit
    directions: tuple[Edit, ...] = ()

    def __len__(self) -> int:
        return len(self.circuit)

    def edits(self, kind: EditKind) -> tuple[Edit, ...]:
        """What makes it in a session. kind: what edges that are cut as a whole carry."""
        return self.directions or tuple(Edit(edge, kind) for edge in self.circuit)


def measure_cuts(session: Session, cuts: Sequence[Cut], kind: EditKind, cancelled: Cancel) -> Measured:
    """The metrics of the whole model where each cut is made, as the circuits of `measure`; whether answers are right is
    told of the whole model alone. kind: what edges carry that are cut as a whole, and all edges in the run of nothing.
    Raises Cancelled."""
    entire = [without(cut.circuit) for cut in cuts if not cut.directions]
    runs = measure(session, entire, kind, cancelled=cancelled)
    of_entire = iter(runs.circuits)
    metrics = np.empty((len(cuts), runs.pairs))
    for number, cut in enumerate(cuts):
        metrics[number] = _metric(session, cut.directions, cancelled) if cut.directions else next(of_entire)
        at((number + 1) / len(cuts))
    return replace(runs, circuits=metrics, circuits_right=None)


def sum_of_singles(session: Session, cut: Cut, kind: EditKind, cancelled: Cancel) -> float:
    """The changes of the mean metric where each edge is cut alone, in sum; NaN of more than SINGLES. Raises
    Cancelled."""
    if len(cut) > SINGLES:
        return float("nan")
    if not cut.directions:
        return float(Scan(session, list(cut.circuit), kind).run(cancelled=cancelled).sum())
    whole = float(session.clean.metric.cpu().double().mean())
    return sum(float(_metric(session, [edit], cancelled).mean()) - whole for edit in cut.directions)


def _metric(session: Session, edits: Sequence[Edit], cancelled: Cancel) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if cancelled is not None and cancelled():
        raise Cancelled
    metric: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        session.run(edits, cancelled=cancelled).metric.detach().cpu().double().numpy()
    )
    return metric
