"""Tables of lines: which are selected, and where the arrow keys go on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from views.panels.jobs.data import COLUMNS, JobRow
from views.panels.jobs.table import JobsView


def rows(names: str) -> list[JobRow]:
    return [JobRow(name, (name,) * len(COLUMNS)) for name in names]


def test_the_arrow_keys_go_on_from_the_line_that_stayed_selected(qtbot: QtBot) -> None:
    view = JobsView()
    qtbot.addWidget(view)
    view.set_rows(rows("abc"))
    view.selectRow(1)
    view.set_rows(rows("zabcd"))
    assert [row.key for row in view.chosen()] == ["b"]
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert [row.key for row in view.chosen()] == ["c"]
    view.choose_nothing()
    view.set_rows(rows("zabcd"))
    assert view.chosen() == []
