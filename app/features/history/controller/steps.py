"""Going through the history: the panel of its steps, the preview of one, undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.features.history.presenter.rows import joined_steps, metric_points, preview, step_rows, way_words
from app.messages.replies import CircuitRunReply
from app.services.actions import Actions
from app.workbench.workbench import Workbench
from core.edits import REPLACED
from core.formatting import counted, pairs_words, share_words
from core.project.history import Recovery, Step
from views.panels.history.panel import HistoryPanel
from views.panels.predictions.panel import PredictionsPanel


class HistoryController(QObject):
    """Keeps the panel of the history, and the metric's line in the predictions, in step with the workbench's history.

    The step that is looked at is previewed in the predictions from what its run gave.
    """

    def __init__(
        self, workbench: Workbench, panel: HistoryPanel, predictions: PredictionsPanel, actions: Actions
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._predictions, self._actions = workbench, panel, predictions, actions
        self._steps: list[Step] = []  # as the panel's rows are
        self._way: list[Step] = []  # as the points of the metric's line are
        steps = panel.list
        steps.go_requested.connect(lambda row: self._go(self._steps[row]))
        steps.looked_at.connect(self._look)
        steps.copy_requested.connect(lambda row: QGuiApplication.clipboard().setText(self._steps[row].words))
        steps.copy_way_requested.connect(lambda row: QGuiApplication.clipboard().setText(way_words(self._steps[row])))
        predictions.step_chosen.connect(lambda place: self._go(self._way[place]))
        steps.joined_requested.connect(lambda row, place: self._go(joined_steps(self._steps[row])[place]))
        workbench.on(CircuitRunReply, self._take_kept)
        workbench.history_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        history = self._workbench.history
        self._steps, rows = step_rows(history)
        self._panel.set_rows(rows)
        self._way, points = metric_points(history)
        self._predictions.set_points(points)
        self._actions.rename("undo", f"Undo {history.undo_words}".strip())
        self._actions.rename("redo", f"Redo {history.redo_words}".strip())

    def undo(self) -> None:
        """Go to the step before, and say what is undone."""
        history = self._workbench.history
        words = history.undo_words
        if words:
            history.undo()
            self._workbench.message.emit(f"Undid: {words}")

    def redo(self) -> None:
        """Go to the step that was undone last, and say so."""
        history = self._workbench.history
        words = history.redo_words
        if words:
            history.redo()
            self._workbench.message.emit(f"Did again: {words}")

    def _take_kept(self, kept: CircuitRunReply) -> None:
        over = f", over {pairs_words(kept.pairs)}" if kept.pairs else ""
        edges = f"{counted(kept.size, 'edge')} recover{'s' * (kept.size == 1)}"
        words = f"{edges} {share_words(kept.share)} (others {REPLACED.get(kept.kind, kept.kind)}{over})"
        self._workbench.history.take_recovery(Recovery(kept.share, words))

    def _look(self, row: int) -> None:
        step = self._steps[row] if 0 <= row < len(self._steps) else None
        shown = None if step is None or step is self._workbench.history.current else preview(step)
        self._predictions.show_preview(shown)

    def _go(self, step: Step) -> None:
        workbench = self._workbench
        self._predictions.show_preview(None)
        if step is not workbench.history.current:
            workbench.history.go(step)
            workbench.message.emit(f"Back at: {step.words}")
