"""Going through the history: the panel of its steps, the preview of one, undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

from app.features.history.presenter.rows import joined_steps, metric_points, preview, step_rows, way_words
from app.messages.replies import CircuitRunReply
from app.services.actions import Actions
from app.workbench.notes import of_step
from app.workbench.workbench import Workbench
from core.edits import REPLACED
from core.formatting import counted, pairs_words, share_words
from core.project.history import Recovery, Step
from views.panels.history.panel import HistoryPanel
from views.panels.predictions.panel import PredictionsPanel
from views.widgets.data import NoteEntry

PAUSE = 250  # milliseconds


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
        self._present: Step | None = None
        self._noting: Step | None = None  # whose note is being written
        self._later = QTimer(self, singleShot=True, interval=PAUSE)  # the marks, once nobody types
        self._later.timeout.connect(self._show)
        steps = panel.list
        steps.go_requested.connect(lambda row: self._go(self._steps[row]))
        steps.looked_at.connect(self._look)
        steps.copy_requested.connect(lambda row: QGuiApplication.clipboard().setText(self._steps[row].words))
        steps.copy_way_requested.connect(lambda row: QGuiApplication.clipboard().setText(way_words(self._steps[row])))
        predictions.step_chosen.connect(lambda place: self._go(self._way[place]))
        steps.joined_requested.connect(lambda row, place: self._go(joined_steps(self._steps[row])[place]))
        steps.note_requested.connect(lambda row: self._write_note(self._steps[row]))
        panel.note.written.connect(lambda subject, text: workbench.records.notes.write(subject, text=text))
        panel.note.closed.connect(self._end_note)
        workbench.records.notes.changed.connect(self._later.start)
        workbench.on(CircuitRunReply, self._take_kept)
        workbench.history_changed.connect(self._show)
        workbench.idle.connect(self._show_note)  # whether the project may be changed may be known only then
        self._show()

    def _show(self) -> None:
        history = self._workbench.history
        self._steps, rows = step_rows(history, self._workbench.records.notes.noted_steps())
        self._panel.set_rows(rows)
        self._show_note()
        self._way, points = metric_points(history)
        self._predictions.set_points(points)
        self._actions.rename("undo", f"Undo {history.undo_words}".strip())
        self._actions.rename("redo", f"Redo {history.redo_words}".strip())

    # ---- notes ----

    def _write_note(self, step: Step) -> None:
        self._noting = step
        self._show_note()
        self._panel.note.write()

    def _show_note(self) -> None:
        """Of the step that one is written to; else of the present step, where it has one."""
        history, notes = self._workbench.history, self._workbench.records.notes
        if history.current is not self._present:
            self._present, self._noting = history.current, None
        step = self._noting or history.current
        subject = of_step(step)
        text = notes.note(subject).text
        entry = NoteEntry(subject, f"“{step.words}”", text, locked=history.locked)
        shown = bool(text) or self._noting is not None
        self._panel.note.set_entry(entry if shown else None, titled=step is not history.current)

    def _end_note(self) -> None:
        self._noting = None
        self._show_note()

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
