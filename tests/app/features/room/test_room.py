"""Where memory is short the window asks before it opens a model, traces or measures; where it is not, never."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from app.worker import room
from core.models import weights_place
from tests.app.person import Person
from tests.app.tracing_steps import trace


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Of the machine's memory 1,000 bytes are free."""
    for module in (room, weights_place):
        monkeypatch.setattr(module, "free_bytes", lambda: 1000)
    return monkeypatch


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


def test_a_trace_that_does_not_fit(reader: Person, short: pytest.MonkeyPatch) -> None:
    before, scored = reader.workbench.document, reader.workbench.scored
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    text = box_of(reader).text()
    assert text.startswith("This trace takes about ")
    assert text.endswith("free.")
    answer(reader, "Cancel")
    assert reader.workbench.document == before
    assert not reader.workbench.traces.running
    assert reader.workbench.scored.ranking is scored.ranking
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    answer(reader, "Go On All the Same")
    assert reader.workbench.document.traced is not None
    assert reader.workbench.recovered is not None
    short.undo()
    trace(reader)
    assert not reader.dialogs()


def test_edges_whose_measuring_does_not_fit(reader: Person, short: pytest.MonkeyPatch) -> None:
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    assert box_of(reader).text().startswith("To measure these edges takes about ")
    answer(reader, "Cancel")
    assert not reader.workbench.known.measured
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    answer(reader, "Go On")
    assert reader.workbench.known.measured


def test_a_model_that_does_not_fit(reader: Person, models, short: pytest.MonkeyPatch) -> None:
    before = reader.workbench.document
    reader.workbench.models.open_model(str(models.llama))
    assert box_of(reader).text().startswith("To open this model takes about ")
    answer(reader, "Cancel")
    assert reader.workbench.document == before
    assert reader.workbench.opened is not None
    reader.workbench.models.open_model(str(models.llama))
    answer(reader, "Leave the Weights on Disk")
    assert reader.workbench.document.model == str(models.llama)
    assert "stay on disk" in reader.notes("A")


def test_what_8_bits_change_is_said(reader: Person, models, short: pytest.MonkeyPatch) -> None:
    reader.workbench.models.open_model(str(models.llama))
    answer(reader, "Round Them to 8 Bits")
    assert "8-bit weights change a logit of these inputs by up to" in reader.notes("A")
    assert " · 8 bits " in reader.panel("status").parity.text()
