"""What is known of the present state, as the views draw it: the canvas, a figure."""

from __future__ import annotations

from app.presenters.snapshot import Snapshot
from app.presenters.subject import Subject
from app.workbench.workbench_like import WorkbenchLike
from core.edits import Target
from views.canvas.data import CanvasData


class Presenter:
    """Of one workbench."""

    def __init__(self, workbench: WorkbenchLike) -> None:
        self._workbench = workbench

    def snapshot(self) -> Snapshot | None:
        """All that is known of the present state; None before a model is open."""
        workbench = self._workbench
        if workbench.opened is None:
            return None
        return Snapshot(
            workbench.document,
            workbench.opened,
            workbench.ran if workbench.ran_is_present else None,
            workbench.known.scored,
            workbench.known.kept,
            workbench.known.measured,
            workbench.known.deltas,
            has_counterfactual=workbench.usable().counterfactual is not None,
            labels=workbench.labels,
            ready=workbench.ready_of_present,
            extent=workbench.extent,
        )

    def subject(self) -> Subject | None:
        """The one description of what is shown; None before a model is open."""
        snapshot = self.snapshot()
        return None if snapshot is None else snapshot.subject

    def canvas(self, selection: tuple[Target, ...] | None = None) -> CanvasData | None:
        """What the canvas shows, or would show with another selection."""
        workbench, snapshot = self._workbench, self.snapshot()
        chosen = workbench.selection if selection is None else selection
        return None if snapshot is None else snapshot.canvas(chosen, workbench.stale, workbench.extent)
