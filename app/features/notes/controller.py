"""Notes in the inspector: on the node or the edge that is selected, else on the circuit and on the project. Those on
steps are written in the history."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.services.panels import Panels
from app.workbench.notes import PROJECT, Subject, of_circuit, of_target
from app.workbench.workbench import Workbench
from core.formatting import counted, pretty_name
from core.graph import Node
from views.panels.history.panel import HistoryPanel
from views.panels.inspector.panel import InspectorPanel
from views.widgets.data import NoteEntry

PAUSE = 250  # milliseconds of typing after which the canvas shows it


class NotesController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panels: Panels) -> None:
        self._inspector: InspectorPanel = panels["inspector"]
        self._history: HistoryPanel = panels["history"]
        super().__init__(self._inspector)
        self._workbench, self._panels, self._notes = workbench, panels, workbench.records.notes
        self._before: QWidget | None = None  # what had the keys
        self._redraw = QTimer(self, singleShot=True, interval=PAUSE)
        self._redraw.timeout.connect(workbench.presenter.canvas_feed.send)
        for editor in self._inspector.notes:
            editor.written.connect(lambda subject, text: self._notes.write(subject, text=text))
            editor.named.connect(lambda subject, name: self._notes.write(subject, name=name))
            editor.left.connect(self._give_back)
        self._notes.changed.connect(self._take_change)
        for changed in (workbench.selection_changed, workbench.history_changed, workbench.model_opened):
            changed.connect(lambda *_: self._show())
        workbench.idle.connect(self._show)  # whether the project may be changed may be known only then
        self._show()

    def write(self) -> None:
        """Go to where a note is written: in the history on the step that the keys are on, else in the inspector."""
        if self._history.list.hasFocus():
            self._history.list.ask_for_note()
            return
        self._panels.bring("inspector")
        first = self._inspector.notes[0]
        if first.entry is None:
            self._workbench.message.emit("Select one node or wire alone to write a note on it.")
            return
        self._before = QApplication.focusWidget()
        self._inspector.scroll_area.ensureWidgetVisible(first)
        first.write()

    def _give_back(self) -> None:
        """The keys go to where they were."""
        before, self._before = self._before, None
        (before if before is not None and before.isVisible() else self._panels["canvas"]).setFocus()

    def _take_change(self) -> None:
        self._redraw.start()
        self._show()

    def _show(self) -> None:
        entries = tuple(self._entry(subject, words) for subject, words in self._subjects())
        self._inspector.set_notes(entries, titled=not self._workbench.selection)

    def _entry(self, subject: Subject, words: str) -> NoteEntry:
        note = self._notes.note(subject)
        called = note.name if subject.about == "node" else None
        return NoteEntry(subject, words, note.text, called, self._workbench.history.locked)

    def _subjects(self) -> list[tuple[Subject, str]]:
        """What can be written about, in words."""
        workbench, selection = self._workbench, self._workbench.selection
        if len(selection) == 1:
            name = selection[0].name
            return [
                (
                    of_target(selection[0], workbench.document.model),
                    name if isinstance(selection[0], Node) else pretty_name(name),
                )
            ]
        if selection or not workbench.document.model:
            return []
        circuit = of_circuit(workbench.history.current)
        size = workbench.document.size
        of_it = [(circuit, f"the circuit of {counted(size, 'edge')}")] if circuit is not None and size else []
        return [*of_it, (PROJECT, "the project")]
