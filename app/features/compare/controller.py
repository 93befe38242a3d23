"""Two circuits in the canvas's place: opened from the table of runs or with a file, closed again, exported."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.compare.presenter import comparison_data, edges_csv
from app.features.compare.queries import CircuitFileQuery, CircuitFileReply, CompareQuery, CompareReply, OnInputs
from app.messages.compared import Compared
from app.messages.request import FailureReply, QueryRefusal
from app.presenters.exported_circuit import circuit_shown
from app.services.file_dialogs import ask_save
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.evaluation.circuit_overlap import CircuitOverlap, circuit_overlap
from core.inputs.real_files import check_real_file
from core.saving import save_text
from views.figures.formats import write_painted
from views.panels.compare.panel import ComparePanel
from views.panels.compare.picture import ComparisonFigure
from views.theme import usual_text

FILTER = "Circuits and scores (*.json);;All files (*)"
SAVED_AS = "SVG (*.svg);;PDF (*.pdf);;PNG (*.png);;CSV of the edges (*.csv)"
RUNNING = "Both circuits are run on the inputs of each …"
NOT_RUN = "Cancelled: what each recovers on the other's inputs is not known. Compare once more to find it out."
NO_MODEL = "What each recovers on the other's inputs is found out when a model is open."
FINENESS = 2  # of a PNG


class CompareController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: ComparePanel,
        panels: Panels,
        settings: Settings,
        notifier: Notifier,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._panels = workbench, panel, panels
        self._settings, self._notifier, self._window = settings, notifier, window
        self._running: OneShot[CompareQuery] = OneShot(workbench, "compare circuits")
        self._reading: OneShot[CircuitFileQuery] = OneShot(workbench, "circuit to compare")
        self._shown: tuple[tuple[Compared, Compared], CircuitOverlap] | None = None
        self._recoveries: tuple[OnInputs, ...] = ()
        self._awaits = False  # more of what they recover
        panel.close_wanted.connect(self.close)
        panel.export_wanted.connect(self.export)
        workbench.runs.comparison_wanted.connect(self.open)
        workbench.models.opening.connect(self._forget)  # another document takes the canvas
        workbench.on(CompareReply, self._take)
        workbench.on(CircuitFileReply, self._take_file)
        workbench.on(QueryRefusal, self._take_refusal)
        workbench.given_up.connect(lambda _: self._give_up())

    # ---- opening and closing ----

    def open(self, first: Compared, second: Compared) -> None:
        """Show two circuits in the canvas's place, and find out what each recovers on the other's inputs."""
        try:
            overlap = circuit_overlap(first.circuit, second.circuit)
        except WirescopeError as error:
            self._refuse(error.message, error.hint or "Compare circuits of models of one shape.")
            return
        self._shown, self._recoveries = ((first, second), overlap), ()
        self._show(RUNNING if self._workbench.opened is not None else NO_MODEL)
        self._panels.bring("compare")
        self._panel.canvas.setFocus()
        self._awaits = first.document is not None or second.document is not None
        if self._awaits:
            self._running.ask(CompareQuery((first, second)))
        else:
            self._show("")

    def close(self) -> None:
        """Back to the canvas."""
        self._forget()
        self._panels.bring("canvas")
        self._panels["canvas"].components.setFocus()

    def _forget(self) -> None:
        self._shown, self._awaits = None, False
        if self._running.asked is not None:
            self._running.drop()

    def choose(self) -> None:
        """Ask for the file of a circuit to compare the one shown with."""
        folder = self._settings.folder()
        path, _ = QFileDialog.getOpenFileName(self._window, "Compare with a circuit", folder, FILTER)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Have a file read and compared with the circuit shown; one that cannot be read is spoken of."""
        size = self._workbench.document.size
        if not size:
            return
        try:
            check_real_file(path)
        except WirescopeError as error:
            self._refuse(error.message, error.hint)
        else:
            self._reading.ask(CircuitFileQuery(path, size))

    def _take_file(self, reply: CircuitFileReply) -> None:
        snapshot = self._workbench.presenter.snapshot()
        if self._reading.ends(reply.query) and snapshot is not None:
            subject = snapshot.subject
            by = "" if subject.ranked is None else f" · {subject.ranked.by}"
            present = Compared(f"shown here{by}", circuit_shown(snapshot), snapshot.usable)
            self.open(present, reply.circuit)

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, CircuitFileQuery) and self._reading.ends(refusal.query):
            self._refuse(refusal.message, refusal.hint)
        elif isinstance(refusal.query, CompareQuery) and self._running.ends(refusal.query):
            self._awaits = False
            self._show(refusal.words)

    # ---- what is shown ----

    def _take(self, reply: CompareReply) -> None:
        if reply.query != self._running.asked:
            return
        self._recoveries = reply.recoveries
        if reply.done:
            self._awaits = not self._running.ends(reply.query)
        self._show("" if reply.done else RUNNING)

    def _give_up(self) -> None:
        if self._awaits:
            self._awaits = False
            self._show(NOT_RUN)

    def _show(self, waiting: str) -> None:
        if self._shown is not None:
            opened = self._workbench.opened
            labels = ("input", "logits") if opened is None else (opened.input_label, opened.output_label)
            self._panel.set_data(comparison_data(*self._shown, self._recoveries, waiting, labels))

    # ---- what leaves ----

    def export(self) -> None:
        """Ask for a file and write both circuits as a figure, or their edges as a table."""
        data = self._panel.data()
        if data is None or self._shown is None:
            return
        name = Path(self._settings.folder()) / "comparison.svg"
        chosen, _ = ask_save(self._window, "Export the comparison", str(name), SAVED_AS)
        if not chosen:
            return
        path = Path(chosen)
        self._settings.set_folder(str(path.parent))
        try:
            if path.suffix.lower() == ".csv":
                save_text(path, edges_csv(*self._shown, self._recoveries))
            else:
                with usual_text():
                    write_painted(path, ComparisonFigure(data), FINENESS)
        except WirescopeError as error:
            self._refuse(error.message, error.hint)
        else:
            self._workbench.message.emit(f"Saved {path.name}")

    def _refuse(self, message: str, hint: str) -> None:
        self._notifier.problem(FailureReply(0, "run", message, hint))
