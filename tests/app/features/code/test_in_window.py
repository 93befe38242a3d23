"""The work as code, in the window: the dock Record, and what is copied and saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from core.nodes import Node
from tests.app.features.code.scripts import figures, printed


def test_steps_stand_in_the_record_and_leave_as_code(reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window, workbench = reader.window, reader.workbench
    window.commands["show_code"].trigger()
    panel = window.panels["code"]
    reader.wait(lambda: "ws.load_model(" in panel.text.toPlainText())
    workbench.select((Node("head", 1, 0),))
    window.commands["cut"].trigger()
    reader.rest()
    assert panel.text.toPlainText().endswith("result = show(session, edits)")
    assert 'edits.append(ws.Edit("a1.h0", "patch"))' in panel.text.toPlainText()
    assert panel.text.verticalScrollBar().value() > 0
    assert panel.text.viewport().rect().contains(panel.text.cursorRect())  # the newest line is in sight
    ran = workbench.ran
    assert ran is not None
    panel.copy.click()
    text = QGuiApplication.clipboard().text()
    assert text.rstrip("\n") == panel.text.toPlainText()
    shown = [line for line in printed(text).splitlines() if not line.startswith(" ")]
    assert figures(shown[-1]) == pytest.approx([ran.before, ran.after], abs=1e-6)
    window.commands["copy_python"].trigger()
    assert QGuiApplication.clipboard().text().count("show(session, edits)") == 1
    window.commands["copy_torch"].trigger()
    reader.wait(lambda: "import transformers" in QGuiApplication.clipboard().text())
    assert figures(printed(QGuiApplication.clipboard().text()))[:2] == pytest.approx([ran.before, ran.after], abs=1e-4)
    path = tmp_path / "steps.ipynb"
    monkeypatch.setattr("app.features.code.controller.ask_save", lambda *_: (str(path), ""))
    window.commands["export_notebook"].trigger()
    assert json.loads(path.read_text(encoding="utf-8"))["nbformat"] == 4
    window.commands["undo"].trigger()
    reader.rest()
    assert "a1.h0" not in panel.text.toPlainText()


def test_what_cannot_be_copied_is_grey_and_says_why(person) -> None:
    person.window.commands["show_code"].trigger()
    panel = person.window.panels["code"]
    person.wait(lambda: panel.text.isVisible())
    assert not panel.text.toPlainText()
    assert "Open a model" in panel.text.placeholderText()
    assert not panel.copy.isEnabled()
    for key in ("copy_python", "copy_branch", "copy_history", "copy_torch", "export_notebook"):
        assert not person.window.commands[key].isEnabled()
        assert person.window.commands[key].toolTip() == "Open a model first"
