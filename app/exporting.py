"""Export from the window: figures, and the circuit as JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from app.messages import Failed
from core.errors import WirescopeError
from core.interchange.saving import save_text
from views.figure import write_figure
from views.theme import usual_text

if TYPE_CHECKING:
    from app.window import Window

FILTERS = {".svg": "SVG (*.svg)", ".pdf": "PDF (*.pdf)", ".png": "PNG (*.png)", ".json": "JSON (*.json)"}


def export(window: Window, ending: str, scale: int = 1) -> None:
    """Ask for a file and write the canvas into it: a figure, or the shown circuit and the edits as JSON."""
    workbench = window.workbench
    snapshot, data = workbench.drawn.snapshot(), workbench.drawn.canvas()
    if snapshot is None or data is None:
        window.status.set_message("There is nothing to export yet: open a model first.")
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
                caption = window.unfolding.caption(snapshot.caption())
                write_figure(path, window.unfolding.drawing() or plain, caption, scale=scale)
    except WirescopeError as error:
        window.problems.show(Failed(0, "run", error.message, error.hint))
    else:
        window.status.set_message(f"Saved {path.name}")


def _ask(window: Window, ending: str) -> Path | None:
    start = str(Path(window.settings.folder()) / f"circuit{ending}")
    name, _ = QFileDialog.getSaveFileName(window, "Export", start, FILTERS[ending])
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() != ending:
        path = path.with_name(path.name + ending)
    window.settings.set_folder(str(path.parent))
    return path
