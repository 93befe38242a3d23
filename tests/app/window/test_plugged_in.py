"""Features of other packages in the window: the one that resources/docs/extending.md tells to write, as it is told, and
those that fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.features.help.controller.plugins import plugins_text
from app.window.main_window import Window
from core import plugins
from tests.app.person import Person
from tests.app.window.test_palette import summon
from tests.example_plugin import install, installed, page_files

BROKEN = """from PySide6.QtWidgets import QLabel
from app.services.actions import Action
from app.services.context import Feature
from app.services.panels import DockRow
API = 1

def build(context, panel):
    raise ZeroDivisionError("on purpose")

ACTION = Action("broken_action", "Broken", ("Ctrl+Alt+9",), run=print)
DOCK = DockRow("broken", "Broken", "left")
BROKEN = Feature("broken", build, QLabel, (ACTION,), {"broken_menu": "Broken"}, dock=DOCK)
TAKEN = Feature("taken", build, actions=(Action("taken_action", "Taken", ("Ctrl+Z",), run=print),))
PLACELESS = Feature("placeless", build, QLabel)
NOWHERE = Feature("nowhere", build, QLabel, dock=DockRow("nowhere", "Nowhere", "left", beside="nothing"))
"""
TOML = """[project]
name = "bad"
version = "2"
[project.entry-points."wirescope.features"]
b1 = "bad_features:BROKEN"
b2 = "bad_features:TAKEN"
b3 = "bad_features:PLACELESS"
b4 = "bad_features:NOWHERE"
"""
REASONS = ("on purpose", "Ctrl+Z does something else", "says where its dock lies", "There is no dock 'nothing'")


@contextmanager
def loaded(person: Person, folder: Path, files: dict[str, str]) -> Iterator[None]:
    install(folder, files)
    with installed(folder):
        person.window.plugged_in.load()
        person.wait(lambda: not len(person.window.jobs))
        yield


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins._STATE, "when", "first use")


def test_the_panel_of_the_page_is_one_as_any_other(reader: Person, tmp_path: Path) -> None:
    window = reader.window
    with loaded(reader, tmp_path, page_files()):
        assert "features: kept_edges\n  example of wirescope-example 1.0" in plugins_text()
        dock, panel = window.docks["kept_edges"], reader.panel("kept_edges")
        assert panel.text() == "No circuit is chosen."
        assert window.docks["trust"] in window.desk.tabifiedDockWidgets(dock)

        reader.choose("Plugins", "Keep Ten Edges")
        assert reader.workbench.document.size == 10
        assert panel.text() == "<h1>10 edges</h1>"
        reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, widget=window.canvas)
        assert panel.text() == "No circuit is chosen."

        reader.choose("View", "Kept Edges")  # behind the others of its tabs: to the front
        assert panel.isVisible()
        reader.choose("View", "Kept Edges")
        assert dock.isHidden()
        palette = summon(reader, "keep ten")
        assert (palette.rows()[0].words, palette.rows()[0].place) == ("Keep Ten Edges", "Plugins")
        palette.dismiss()
        reader.choose("View", "Reset Layout")
        assert not dock.isHidden()
        window.plugged_in.build()
        assert reader.panel("kept_edges") is panel, "it is built once"


def test_one_that_fails_leaves_nothing_but_its_line(person: Person, tmp_path: Path) -> None:
    before = kept(person.window)
    with loaded(person, tmp_path, {"pyproject.toml": TOML, "bad_features.py": BROKEN}):
        words = plugins_text()
    assert words.count("features: left out") == 4
    assert "in build\n    raise ZeroDivisionError" in words
    assert [why for why in REASONS if why not in words] == []
    assert kept(person.window) == before
    keys = {key.toString() for action in person.window.actions() for key in action.shortcuts()}
    assert "Ctrl+Alt+9" not in keys


def kept(window: Window) -> list[set[str]]:
    """What a window has of its features, by key."""
    return [
        set(each) for each in (window.commands, window.docks, window.parts.panels, window.menus, window.controllers)
    ]


def test_without_plugins_none_is_looked_for(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins._STATE, "when", "never")
    with loaded(person, tmp_path, page_files()):
        assert "kept_edges" not in person.window.docks
