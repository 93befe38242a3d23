"""Export from the window: figures, the circuit, the scores and the predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.canvas.controller.positions import PositionsController
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
from views.figures.figure import write_figure
from views.theme import usual_text

FILTERS = {
    ".svg": "SVG (*.svg)",
    ".pdf": "PDF (*.pdf)",
    ".png": "PNG (*.png)",
    ".json": "JSON (*.json)",
    ".csv": "CSV (*.csv)",
    ".html": "HTML (*.html)",
}

NOTHING = "There is nothing to export yet: open a model first."


class ExportController:
    """Asks for a file and writes into it what is known. positions: of the second level, which is the figure while it
    shows. over: what dialogs open over."""

    def __init__(
        self,
        workbench: Workbench,
        positions: PositionsController,
        settings: Settings,
        notifier: Notifier,
        over: QWidget,
    ) -> None:
        self._workbench, self._positions = workbench, positions
        self._settings, self._notifier, self._over = settings, notifier, over
        self._curve: tuple[Document, CurveReply] | None = None  # the last one, and what it is of
        workbench.on(CurveReply, self._take_curve)

    def _take_curve(self, curve: CurveReply) -> None:
        self._curve = self._workbench.document, curve

    def figure(self, ending: str, scale: int = 1) -> None:
        """The canvas, with legend and caption. scale: of a PNG, pixels for each of the usual ones."""
        snapshot, data = self._workbench.presenter.snapshot(), self._workbench.presenter.canvas()
        if snapshot is None or data is None:
            self._notifier.say(NOTHING)
            return
        path = self._ask("figure", f"circuit{ending}")
        if path is None:
            return
        plain = replace(data, changes=None)  # the fill of nodes has its legend in the window alone

        def write() -> None:
            with usual_text():
                caption, drawing = snapshot.caption(), self._positions.drawing()
                caption = caption if drawing is None else self._positions.caption(caption)
                write_figure(path, drawing or plain, caption, scale=scale)

        self._save(path, write)

    def report(self) -> None:
        """All that is known of the circuit shown, as one page."""
        self._export("report", ".html", lambda snapshot: EXPORTERS["html"].text(self._report(snapshot)))

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
        self._save(path, lambda: save_text(path, row.text(self._report(snapshot))))

    def _report(self, snapshot: Snapshot) -> Report:
        """The circuit with all that is known of it as it is shown."""
        evaluation, curve = self._workbench.known.evaluation, self._curve
        told = evaluation is not None and _state(evaluation.document) == _state(snapshot.document)
        known = curve is not None and _state(curve[0], sized=False) == _state(snapshot.document, sized=False)
        return report_shown(
            snapshot,
            curve[1] if curve is not None and known else None,
            evaluation if told else None,
            self._workbench.history,
        )

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
