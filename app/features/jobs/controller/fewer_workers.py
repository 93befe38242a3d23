"""What is asked where the processes that are to share a job do not fit into memory beside each other."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMessageBox

from core.sharded.worker_memory import WorkersShort

LATER = "What is free when the job begins may be more. Fewer workers take less memory, and longer."


def ask_for_fewer(short: WorkersShort, dialog: QDialog, use: Callable[[int], None], go_on: Callable[[], None]) -> None:
    """Does not block. use: told how many are to share it instead. go_on: as it was asked."""
    box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", short.words, parent=dialog)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setInformativeText(LATER)
    acts: dict[object, Callable[[], None]] = {}
    if short.fitting:
        words = f"Use {short.fitting} &Workers" if short.fitting > 1 else "Use One &Worker"
        acts[box.addButton(words, QMessageBox.ButtonRole.ActionRole)] = lambda: use(short.fitting)
    acts[box.addButton("&Queue All the Same", QMessageBox.ButtonRole.ActionRole)] = go_on
    leave = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(leave)
    box.setEscapeButton(leave)
    box.buttonClicked.connect(lambda button: acts.get(button, lambda: None)())
    box.open()
