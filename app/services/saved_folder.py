"""What is said when something was written into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def tell_saved(what: str, folder: Path, more: str, say: Callable[[str], None], window: QWidget) -> None:
    """A line, and a dialog that does not block. what: "edited model". more: what there is to know of it.
    say: shows the line."""
    say(f"Saved the {what} in {folder.name}")
    box = QMessageBox(QMessageBox.Icon.Information, "Wirescope", "", QMessageBox.StandardButton.Ok, window)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setText(f"The {what} is in {folder}.")
    box.setInformativeText(more)
    box.open()
