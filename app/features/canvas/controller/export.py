"""Export from the window: the report, the circuit, the scores and the predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.messages.replies import CurveReply
from app.messages.request import FailureReply
from app.presenters.exported_circuit import circuit_text
from app.presenters.exported_tables import (
    NO_RUN,
    NO_SCORES,
    predictions_csv,
    predictions_json,
    scores_csv,
    scores_json,
)
from app.presenters.report import report_shown
from app.presenters.snapshot import Snapshot
from app.services.file_dialogs import with_ending
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.circuit import EXPORTERS
from core.errors import WirescopeError
from core.interchange.report import Report
from core.project.document import Document
from core.saving import save_text

FILTERS = {
    ".json": "JSON (*.json)",
    ".csv": "CSV (*.csv)",
    ".html": "HTML (*.html)",
}

NOTHING = "There is nothing to export yet: open a model first."


class ExportController:
    """Asks for a file and writes into it what is known. over: what dialogs open over."""

    def __init__(self, workbench: Workbench, settings: Settings, notifier: Notifier, over: QWidget) -> None:
        self._workbench = workbench
        self._settings, self._notifier, self._over = settings, notifier, over
        self._curve: tuple[Document, CurveReply] | None = None  # the last one, and what it is of
        workbench.on(CurveReply, self._take_curve)

    def _take_curve(self, curve: CurveReply) -> None:
        self._curve = self._workbench.document, curve

    def report(self) -> None:
        """All that is known of the circuit shown, told as a story on one page."""
        self._export("report", ".html", lambda snapshot: EXPORTERS["report"].text(self.report_of(snapshot)))

    def circuit_as_json(self) -> None:
        """The circuit shown and the edits."""
        self._export("circuit", ".json", circuit_text)

    def circuit(self) -> None:
        """The circuit as text, in a form of the table of exporters. JSON is not among them: it says more, and has an
        entry of its own."""
        snapshot = self._workbench.presenter.snapshot()
        if snapshot is None:
            self._notifier.say(NOTHING)
            return
        forms = {f"{row.title} (*{row.ending})": row for row in EXPORTERS.values() if row.name != "json"}
        start = str(Path(self._settings.folder()) / f"circuit{next(iter(forms.values())).ending}")
        chosen, form = QFileDialog.getSaveFileName(self._over, "Save the circuit", start, ";;".join(forms))
        if not chosen:
            return
        typed = [row for row in forms.values() if chosen.lower().endswith(row.ending)]
        row = forms.get(form) or next(iter(forms.values()))
        if typed and row not in typed:  # the name says the form
            row = typed[0]
        path = self._with_ending(chosen, row.ending)
        self._save(path, lambda: save_text(path, row.text(self.report_of(snapshot))))

    def report_of(self, snapshot: Snapshot) -> Report:
        """The circuit with all that is known of it as it is shown."""
        evaluation, curve = self._workbench.known.evaluation, self._curve
        told = evaluation is not None and _state(evaluation.document) == _state(snapshot.document)
        known = curve is not None and _state(curve[0], sized=False) == _state(snapshot.document, sized=False)
        history = self._workbench.history
        notes = self._workbench.records.notes.as_written([step for step, _ in history.steps()])
        shown_curve = curve[1] if curve is not None and known else None
        return report_shown(snapshot, shown_curve, evaluation if told else None, history, notes)

    def scores(self, ending: str) -> None:
        """The scores of all edges."""
        write = scores_json if ending == ".json" else scores_csv
        self._export("scores", ending, write, lambda snapshot: NO_SCORES if snapshot.scored is None else "")

    def predictions(self, ending: str) -> None:
        """The predictions before and after the edits."""
        write = predictions_json if ending == ".json" else predictions_csv
        self._export("predictions", ending, write, lambda snapshot: NO_RUN if snapshot.ran is None else "")

    def _export(
        self,
        name: str,
        ending: str,
        text: Callable[[Snapshot], str],
        why_not: Callable[[Snapshot], str] = lambda _: "",
    ) -> None:
        """Text of what is known, unless the reason says that it is not."""
        snapshot = self._workbench.presenter.snapshot()
        problem = NOTHING if snapshot is None else why_not(snapshot)
        if snapshot is None or problem:
            self._notifier.say(problem)
            return
        path = self._ask(name, f"{name}{ending}")
        if path is not None:
            self._save(path, lambda: save_text(path, text(snapshot)))

    def _ask(self, what: str, name: str) -> Path | None:
        ending = Path(name).suffix
        start = str(Path(self._settings.folder()) / name)
        chosen, _ = QFileDialog.getSaveFileName(self._over, f"Save the {what}", start, FILTERS[ending])
        return self._with_ending(chosen, ending) if chosen else None

    def _with_ending(self, chosen: str, ending: str) -> Path:
        path = Path(with_ending(chosen, f"*{ending}"))
        self._settings.set_folder(str(path.parent))
        return path

    def _save(self, path: Path, write: Callable[[], None]) -> None:
        try:
            write()
        except WirescopeError as error:
            self._notifier.problem(FailureReply(0, "run", error.message, error.hint))
        else:
            self._notifier.say(f"Saved {path.name}")


def _state(document: Document, sized: bool = True) -> tuple[object, ...]:
    """What a curve, or with the size an evaluation, depends on."""
    return (*document.basis, document.cut_kind, document.traced, document.rule, document.size if sized else None)
