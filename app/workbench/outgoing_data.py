"""What the views draw of the present state: it is made here, and sent by the workbench's signals."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.presenters.cards import awaited_cards
from app.presenters.edits import edit_rows
from app.presenters.snapshot import Snapshot
from app.presenters.subject import Subject
from app.workbench.canvas_feed import CanvasFeed
from app.workbench.results import Results
from app.workbench.workbench_like import WorkbenchLike
from app.workbench.worker_client import WorkerClient
from core.edits import Target
from views.canvas.data import CanvasData


class Presenter(QObject):
    """Of one workbench."""

    def __init__(self, workbench: WorkbenchLike, client: WorkerClient, results: Results, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench, self._client, self._results = workbench, client, results
        self.canvas_feed = CanvasFeed(self.canvas, self)
        self.canvas_feed.changed.connect(workbench.canvas_changed)
        client.working.connect(self.canvas_feed.flush)  # what comes next takes long

    # ---- made ----

    def snapshot(self) -> Snapshot | None:
        """All that is known of the present state; None before a model is open."""
        workbench = self._workbench
        if workbench.opened is None:
            return None
        notes = workbench.records.notes
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
            notes=notes.of_model(workbench.document.model),
            circuit_note=notes.on_circuit(workbench.document),
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

    # ---- sent ----

    def send_cards(self) -> None:
        """The new inputs at once, before the model has read them."""
        document, read = self._workbench.document, self._results.inputs
        cards = awaited_cards(document, document if read is None else read.document, self._workbench.ready)
        self._workbench.cards_changed.emit(*cards)

    def send_edits(self) -> None:
        self._workbench.edits_changed.emit(edit_rows(self._workbench.usable(), self._workbench.labels))

    def send_canvas(self) -> None:
        """Now; what replies bring once for all that come together."""
        if self._client.taking:
            self.canvas_feed.send_later()
        else:
            self.canvas_feed.send()

    def send_predictions(self) -> None:
        workbench = self._workbench
        if workbench.ran is not None:
            workbench.predictions_changed.emit(workbench.ran, workbench.stale)
