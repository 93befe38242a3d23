"""Help > Plugins lists what other packages add, and of what does not work all of its error."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QPlainTextEdit

from app.features.help.controller.plugins import FORBIDDEN, NONE
from core import plugins
from tests.app.person import Person
from tests.example_plugin import install, installed

TOML = """[project]
name = "added"
version = "2"
[project.entry-points."wirescope.tasks"]
sum = "added_sum:TASK"
[project.entry-points."wirescope.exporters"]
words = "added_words:EXPORTER"
"""
WORDS = """from core.circuit import Exporter
API = 1
EXPORTER = Exporter("sentences", "Sentences", "a sentence an edge", ".txt", lambda circuit: "")
"""


def listed(person: Person) -> str:
    person.choose("Help", "Plugins")
    dialog = next(one for one in person.window.findChildren(QDialog) if one.windowTitle() == "Plugins")
    text = dialog.findChild(QPlainTextEdit)
    assert text is not None
    words = text.toPlainText()
    dialog.reject()
    dialog.setWindowTitle("closed")
    return words


def test_plugins_are_listed_with_their_errors(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins._STATE, "when", "first use")
    with installed(tmp_path):  # of no package
        assert listed(person) == NONE
    install(tmp_path, {"pyproject.toml": TOML, "added_sum.py": "1 / 0\n", "added_words.py": WORDS})
    with installed(tmp_path):
        words = listed(person)
        assert "exporters: sentences\n  words of added 2 (added_words:EXPORTER)" in words
        assert "tasks: left out, sum of added 2 (added_sum:TASK)\nTraceback" in words
        assert "ZeroDivisionError: division by zero" in words
        monkeypatch.setattr(plugins._STATE, "when", "never")
        assert listed(person) == FORBIDDEN
