"""Memory that is short, and somebody who answers what the window then asks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from app.worker import room, service
from core.models import spread, weights_place
from tests.app.person import Person


def leave_little_room(patch: pytest.MonkeyPatch) -> None:
    """Of the machine's memory 1,000 bytes are free, and no more where a model is left."""
    for module in (room, spread, weights_place):
        patch.setattr(module, "free_bytes", lambda: 1000)
    patch.setattr(service.WorkerService, "_held", 0)  # by the model that would be left


def box_of(person: Person) -> QMessageBox:
    person.wait(lambda: person.dialogs())
    (box,) = person.dialogs()
    return box


def answer(person: Person, words: str) -> None:
    box = box_of(person)
    button = next(each for each in box.buttons() if each.text().replace("&", "").startswith(words))
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    person.wait(lambda: not person.dialogs())
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    person.rest()
