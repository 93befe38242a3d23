"""What is known of the present state, as the views draw it: the canvas, the inspector, a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.features.inspector.presenter import inspection
from app.presenters.snapshot import Snapshot
from app.presenters.subject import Subject
from core.edits import Target
from views.canvas.data import CanvasData
from views.panels.inspector.data import EdgeInspection, NodeInspection

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench


class Drawn:
    """Of one workbench."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def snapshot(self) -> Snapshot | None:
        """All that is known of the present state; None before a model is open."""
        bench = self._bench
        if bench.opened is None:
            return None
        return Snapshot(
            bench.document,
            bench.opened,
            bench.ran if bench.ran_is_present else None,
            bench.known.scored,
            bench.known.kept,
            bench.known.measured,
            bench.known.deltas,
            has_counterfactual=bench.usable().counterfactual is not None,
            labels=bench.labels,
            ready=bench.ready_of_present,
            extent=bench.extent,
        )

    def subject(self) -> Subject | None:
        """The one description of what is shown; None before a model is open."""
        snapshot = self.snapshot()
        return None if snapshot is None else snapshot.subject

    def canvas(self, selection: tuple[Target, ...] | None = None) -> CanvasData | None:
        """What the canvas shows, or would show with another selection."""
        bench, snapshot = self._bench, self.snapshot()
        chosen = bench.selection if selection is None else selection
        return None if snapshot is None else snapshot.canvas(chosen, bench.stale, bench.extent)

    def inspection(self) -> NodeInspection | EdgeInspection | None:
        """What the inspector shows of a single selection."""
        bench = self._bench
        if len(bench.selection) != 1 or bench.opened is None:
            return None
        (target,) = bench.selection
        seen = bench.known.inspected
        if seen is not None and seen.target != target:
            seen = None
        return inspection(
            target,
            bench.usable(),
            bench.positions,
            bench.opened,
            bench.ready,
            bench.known.scored,
            seen,
            bench.known.measured.get(target),
        )
