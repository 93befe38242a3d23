"""Something is written into a new folder, on the machine where the work is done: its name is asked for, and what came
of it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.presenters.homes import on_place
from app.services.settings import Settings


def name_new_folder(what: str, proposed: str, settings: Settings, place: str, window: QWidget) -> str:
    """Ask for the name of a folder; empty where none is given. what: "edited model". place: the machine that it is
    written on, in a few words, where that is not this process: the dialog shows the folders of this machine."""
    there = f"{on_place(place)}: it is written there, at this path" if place else ""
    start = str(Path(settings.folder()) / proposed)
    chosen, _ = QFileDialog.getSaveFileName(window, f"Name a new folder for the {what}{there}", start)
    if chosen:
        settings.set_folder(str(Path(chosen).parent))
    return chosen


def is_taken(folder: Path, place: str) -> bool:
    """Whether something is in a folder already, as far as that can be seen from here: of one elsewhere the side that
    writes says it, and writes nothing over either."""
    return not place and folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def tell_saved(what: str, folder: Path, more: str, say: Callable[[str], None], window: QWidget, place: str) -> None:
    """A line, and a dialog that does not block. what: "edited model". more: what there is to know of it.
    say: shows the line. place: as in `name_new_folder`."""
    say(f"Saved the {what} in {folder.name}{on_place(place)}")
    box = QMessageBox(QMessageBox.Icon.Information, "Wirescope", "", QMessageBox.StandardButton.Ok, window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setText(f"The {what} is in {folder}{on_place(place)}.")
    box.setInformativeText(more)
    box.open()
