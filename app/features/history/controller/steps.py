"""Going through the history: the panel of its steps, the preview of one, undo and redo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.features.history.presenter.rows import joined_steps, metric_points, preview, step_rows, way_words
from app.messages.replies import Kept
from core.edits import REPLACED
from core.formatting import counted, pairs_words, share_words
from core.project.history import Recovery, Step

if TYPE_CHECKING:
    from app.window.main_window import Window
    from app.workbench.workbench import Workbench


def undo(workbench: Workbench) -> None:
    """Go to the step before, and say what is undone."""
    words = workbench.history.undo_words
    if words:
        workbench.history.undo()
        workbench.message.emit(f"Undid: {words}")


def redo(workbench: Workbench) -> None:
    """Go to the step that was undone last, and say so."""
    words = workbench.history.redo_words
    if words:
        workbench.history.redo()
        workbench.message.emit(f"Did again: {words}")


class HistoryController(QObject):
    """Keeps the panel of the history, and the metric's line in the predictions, in step with the workbench's history.

    The step that is looked at is previewed in the predictions from what its run gave.
    """

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._steps: list[Step] = []  # as the panel's rows are
        self._way: list[Step] = []  # as the points of the metric's line are
        panel = window.history.list
        panel.go_requested.connect(lambda row: self._go(self._steps[row]))
        panel.looked_at.connect(self._look)
        panel.copy_requested.connect(lambda row: QGuiApplication.clipboard().setText(self._steps[row].words))
        panel.copy_way_requested.connect(lambda row: QGuiApplication.clipboard().setText(way_words(self._steps[row])))
        window.predictions.step_chosen.connect(lambda place: self._go(self._way[place]))
        panel.joined_requested.connect(lambda row, place: self._go(joined_steps(self._steps[row])[place]))
        window.workbench.on(Kept, self._take_kept)
        window.workbench.history_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        history = self._window.workbench.history
        self._steps, rows = step_rows(history)
        self._window.history.set_rows(rows)
        self._way, points = metric_points(history)
        self._window.predictions.set_points(points)

    def _take_kept(self, kept: Kept) -> None:
        over = f", over {pairs_words(kept.pairs)}" if kept.pairs else ""
        edges = f"{counted(kept.size, 'edge')} recover{'s' * (kept.size == 1)}"
        words = f"{edges} {share_words(kept.share)} (others {REPLACED.get(kept.kind, kept.kind)}{over})"
        self._window.workbench.history.take_recovery(Recovery(kept.share, words))

    def _look(self, row: int) -> None:
        step = self._steps[row] if 0 <= row < len(self._steps) else None
        shown = (
            None
            if step is None or step is self._window.workbench.history.current
            else preview(step, self._window.workbench.direction)
        )
        self._window.predictions.show_preview(shown)

    def _go(self, step: Step) -> None:
        workbench = self._window.workbench
        self._window.predictions.show_preview(None)
        if step is not workbench.history.current:
            workbench.history.go(step)
            workbench.message.emit(f"Back at: {step.words}")
