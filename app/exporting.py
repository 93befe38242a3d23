"""Export from the window: figures and the circuit's JSON, with a caption that says what was done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from app.dialogs import show_problem
from app.document import Document, Source
from app.inspection import REPLACED, recovered_words
from app.messages import Failed
from app.shown import signed
from app.workbench import Workbench
from core.edits import EDIT_WORDS
from core.errors import WirescopeError
from views.figure import FigureCaption, write_figure

if TYPE_CHECKING:
    from app.window import Window

FILTERS = {".svg": "SVG (*.svg)", ".pdf": "PDF (*.pdf)", ".png": "PNG (*.png)", ".json": "JSON (*.json)"}


def caption(workbench: Workbench) -> FigureCaption:
    """What a reader of the figure must know."""
    document, opened, ran = workbench.document, workbench.opened, workbench.ran
    title = "" if opened is None else f"{opened.title} ({opened.details})"
    metric = ""
    if ran is not None:
        metric = f"{ran.metric_name}: {ran.before:.3f} before"
        if ran.edits:
            metric += f", {ran.after:.3f} after ({signed(ran.after - ran.before)})"
    lines = []
    if workbench.scored is not None:
        replaced = REPLACED[workbench.scored.kind]
        lines.append(f"Dashed edges: estimated by {workbench.scored.method.upper()}, {replaced}.")
    if workbench.recovered is not None:
        lines.append(recovered_words(workbench.recovered) + ".")
    return FigureCaption(title, input_words(document), metric, edit_words(document), lines)


def input_words(document: Document) -> str:
    def words(source: Source | None) -> str:
        if source is None:
            return "none"
        return f"“{source.text}”" if source.kind == "text" else source.name or source.path

    return f"A: {words(document.clean)}\nB: {words(document.counterfactual)}"


def edit_words(document: Document) -> str:
    if not document.edits:
        return "none"
    return "; ".join(
        f"{edit.name} {EDIT_WORDS[edit.kind]}" + (f" {edit.value:g}" if edit.value is not None else "")
        for edit in document.edits
    )


def export_figure(window: Window, ending: str, scale: int = 1) -> None:
    """Ask for a file and write the canvas into it."""
    data = window.workbench.canvas()
    if data is None:
        window.status.set_message("There is nothing to export yet: open a model first.")
        return
    path = _ask(window, "circuit", ending)
    if path is not None:
        _write(window, path, lambda: write_figure(path, data, caption(window.workbench), scale=scale))


def export_circuit(window: Window) -> None:
    """Ask for a file and write the shown circuit and the edits into it."""
    from app.circuit_export import circuit_json

    if window.workbench.canvas() is None:
        window.status.set_message("There is nothing to export yet: open a model first.")
        return
    path = _ask(window, "circuit", ".json")
    if path is not None:
        _write(window, path, lambda: save_text(path, circuit_json(window.workbench)))


def _ask(window: Window, stem: str, ending: str) -> Path | None:
    start = str(Path(window.settings.folder()) / f"{stem}{ending}")
    name, _ = QFileDialog.getSaveFileName(window, "Export", start, FILTERS[ending])
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() != ending:
        path = path.with_name(path.name + ending)
    window.settings.set_folder(str(path.parent))
    return path


def _write(window: Window, path: Path, write) -> None:  # type: ignore[no-untyped-def]
    try:
        write()
    except WirescopeError as error:
        show_problem(window, Failed(0, "run", error.message, error.hint))
    else:
        window.status.set_message(f"Saved {path.name}")


def save_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises WirescopeError."""
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WirescopeError(
            f"{path} cannot be written: {error.strerror}.", "Choose a folder that you may write to."
        ) from None
