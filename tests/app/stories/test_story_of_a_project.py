"""A story: an hour's worth of steps, saved, closed, opened again, and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.graph import Node
from core.project.wire_file import load_project
from tests.app.features.history.test_history import rows
from tests.app.features.projects.test_projects import CONTROL, dropped, jobs_done, save
from tests.app.person import Person


def test_work_goes_on_where_it_was_left(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, workbench = tmp_path / "day.wire", reader.workbench
    graph = workbench.opened.graph
    nodes = [node for node in graph.writers if node.kind in ("head", "mlp")]
    reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
    for number, node in enumerate(nodes * 2):  # cut and restored, with a branch now and then
        reader.click_node(node)
        reader.press(Qt.Key.Key_X if number % 2 else Qt.Key.Key_P, widget=reader.window.canvas)
        if number % 4 == 3:
            reader.choose("Edit", "Undo")
        if number % 5 == 0:
            reader.press(Qt.Key.Key_N, widget=reader.window.canvas)
            QTest.keyClicks(reader.window.focusWidget(), f"{number}. ")
            reader.press(Qt.Key.Key_Escape)
    reader.click_node(Node("mlp", 1))
    save(reader, path, monkeypatch)
    before, figures, edits = rows(reader), reader.figures(), reader.edits()
    notes = {each.target: each.text for _, each in workbench.records.notes}
    assert len(before) > 15
    assert len(notes) > 1
    reader.window.close()

    other = sit_down()
    assert other.drop(other.window.canvas, dropped(path))
    jobs_done(other)
    other.rest()
    assert rows(other) == before
    assert (other.figures(), other.edits()) == (figures, edits)
    assert other.workbench.selection == (Node("mlp", 1),)
    assert other.panel("inspector").notes[0].text.toPlainText() == notes.get("m1", "")
    assert not other.window.isWindowModified()
    for _ in range(3):
        other.choose("Edit", "Undo")
    for _ in range(3):
        other.choose("Edit", "Redo")
    assert rows(other) == before
    other.press(Qt.Key.Key_X, widget=other.window.canvas)
    other.press(Qt.Key.Key_S, CONTROL, other.window.canvas)
    jobs_done(other)
    assert len(load_project(path).steps) > len(before)
    assert not other.dialogs()
