"""Export from the window: figures, the circuit, the scores and the predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from app.messages.request import FailureReply
from app.presenters.tables import (
    NO_RUN,
    NO_SCORES,
    predictions_csv,
    predictions_json,
    scores_csv,
    scores_json,
)
from app.services.file_dialogs import with_ending
from core.circuit import EXPORTERS
from core.errors import WirescopeError
from core.saving import save_text
from views.figures.figure import write_figure
from views.theme import usual_text

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from app.window.main_window import Window

FILTERS = {
    ".svg": "SVG (*.svg)",
    ".pdf": "PDF (*.pdf)",
    ".png": "PNG (*.png)",
    ".json": "JSON (*.json)",
    ".csv": "CSV (*.csv)",
}
NOTHING = "There is nothing to export yet: open a model first."


def export(window: Window, ending: str, scale: int = 1) -> None:
    """Ask for a file and write the canvas into it: a figure, or the shown circuit and the edits as JSON."""
    workbench = window.workbench
    snapshot, data = workbench.drawn.snapshot(), workbench.drawn.canvas()
    if snapshot is None or data is None:
        window.status.set_message(NOTHING)
        return
    path = _ask(window, ending)
    if path is None:
        return
    try:
        if ending == ".json":
            save_text(path, snapshot.circuit_json())
        else:
            plain = replace(data, changes=None)  # the fill of nodes has its legend in the window alone
            with usual_text():
                caption, drawing = snapshot.caption(), window.unfolding.drawing()
                caption = caption if drawing is None else window.unfolding.caption(caption)
                write_figure(path, drawing or plain, caption, scale=scale)
    except WirescopeError as error:
        window.problems.show(FailureReply(0, "run", error.message, error.hint))
    else:
        window.status.set_message(f"Saved {path.name}")


def export_circuit(window: Window) -> None:
    """Ask for a file and write the circuit into it as text, in a form of the table of exporters. JSON is not among
    them: it says more, and has an entry of its own."""
    snapshot = window.workbench.drawn.snapshot()
    if snapshot is None:
        window.status.set_message(NOTHING)
        return
    forms = {f"{row.title} (*{row.ending})": row for row in EXPORTERS.values() if row.name != "json"}
    start = str(Path(window.settings.folder()) / f"circuit{next(iter(forms.values())).ending}")
    chosen, form = QFileDialog.getSaveFileName(window, "Save the circuit", start, ";;".join(forms))
    if not chosen:
        return
    typed = [row for row in forms.values() if chosen.lower().endswith(row.ending)]
    row = forms.get(form) or next(iter(forms.values()))
    if typed and row not in typed:  # the name says the form
        row = typed[0]
    path = _with_ending(window, chosen, row.ending)
    _write(window, path, lambda: row.write(snapshot.circuit()))


def export_scores(window: Window, ending: str) -> None:
    """Ask for a file and write the scores of all edges."""
    snapshot = window.workbench.drawn.snapshot()
    problem = NOTHING if snapshot is None else NO_SCORES if snapshot.scored is None else ""
    _export_text(window, "scores", ending, snapshot, problem, scores_json if ending == ".json" else scores_csv)


def export_predictions(window: Window, ending: str) -> None:
    """Ask for a file and write the predictions before and after the edits."""
    snapshot = window.workbench.drawn.snapshot()
    problem = NOTHING if snapshot is None else NO_RUN if snapshot.ran is None else ""
    write = predictions_json if ending == ".json" else predictions_csv
    _export_text(window, "predictions", ending, snapshot, problem, write)


def _export_text(
    window: Window,
    name: str,
    ending: str,
    snapshot: Snapshot | None,
    problem: str,
    write: Callable[[Snapshot], str],
) -> None:
    if snapshot is None or problem:
        window.status.set_message(problem)
        return
    path = _ask(window, ending, name)
    if path is not None:
        _write(window, path, lambda: write(snapshot))


def _write(window: Window, path: Path, text: Callable[[], str]) -> None:
    try:
        save_text(path, text())
    except WirescopeError as error:
        window.problems.show(FailureReply(0, "run", error.message, error.hint))
    else:
        window.status.set_message(f"Saved {path.name}")


def _ask(window: Window, ending: str, name: str = "circuit") -> Path | None:
    figure = name == "circuit" and ending != ".json"
    start = str(Path(window.settings.folder()) / f"{name}{ending}")
    chosen, _ = QFileDialog.getSaveFileName(window, f"Save the {'figure' if figure else name}", start, FILTERS[ending])
    return _with_ending(window, chosen, ending) if chosen else None


def _with_ending(window: Window, chosen: str, ending: str) -> Path:
    path = Path(with_ending(chosen, f"*{ending}"))
    window.settings.set_folder(str(path.parent))
    return path
