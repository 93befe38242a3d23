"""Saving what a panel shows: a figure as PNG or SVG, or its numbers as CSV. One way for every panel that has both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.messages.request import FailureReply
from app.services.file_dialogs import with_ending
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.saving import save_text

FILTERS = {".png": "PNG (*.png)", ".svg": "SVG (*.svg)", ".csv": "CSV (*.csv)"}


def export_figure(
    over: QWidget,
    workbench: Workbench,
    settings: Settings,
    *,
    title: str,
    name: str,
    ending: str,
    write: Callable[[Path], None],
    table: Callable[[], str],
) -> None:
    """Ask for a file and write it; what cannot be written is told in the window.

    over: what the dialog opens over. title: of the dialog. name: of the file, without its ending. write: writes the
    figure to a path, and raises WirescopeError. table: the numbers as CSV."""
    start = str(Path(settings.folder()) / f"{name}{ending}")
    chosen, _ = QFileDialog.getSaveFileName(over, title, start, FILTERS[ending])
    if not chosen:
        return
    path = Path(with_ending(chosen, FILTERS[ending]))
    settings.set_folder(str(path.parent))
    try:
        if ending == ".csv":
            save_text(path, table())
        else:
            write(path)
    except WirescopeError as error:
        workbench.failed.emit(FailureReply(0, "run", error.message, error.hint))
    else:
        workbench.message.emit(f"Saved {path.name}")
