"""Features of other packages in the window: the one that resources/docs/extending.md tells to write, as it is told, and
those that fail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

import wirescope as ws
from app.features.help.controller.plugins import plugins_text
from app.window.main_window import Window
from core import plugins
from core.graph import Node
from tests.app.models import CLEAN, COUNTERFACTUAL
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

MLP = Node("mlp", 1)
ASKING = """from dataclasses import dataclass
from app.messages.request import Query
from app.services.context import Feature
API = 1

class Controller:
    def __init__(self, context, query):
        self.workbench, self.query = context.workbench, query
    def ask(self):
        self.workbench.set_query("{name}", self.query)

@dataclass(frozen=True)
class Question(Query):
    def depends_on(self, document):
        return document.run

FEATURE = Feature("{name}", lambda context, panel: Controller(context, Question()), handlers="failing.{name}_handlers")
"""
BREAKING = """from app.worker.handler_table import Handler
from failing.asked import Question

def handle(*_):
    raise ZeroDivisionError("at its query")

HANDLERS = {Question: Handler(handle)}
"""
FAILING = {
    "pyproject.toml": """[project]
name = "failing"
version = "3"
[project.entry-points."wirescope.features"]
asked = "failing.asked:FEATURE"
unmade = "failing.unmade:FEATURE"
""",
    "failing/asked.py": ASKING.format(name="asked"),
    "failing/asked_handlers.py": BREAKING,
    "failing/unmade.py": ASKING.format(name="unmade"),
    "failing/unmade_handlers.py": "import nowhere",
}


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
        assert panel.text().startswith("No circuit is chosen.")
        assert window.docks["trust"] in window.desk.tabifiedDockWidgets(dock)

        reader.choose("Plugins", "Keep Ten Edges")
        assert reader.workbench.document.size == 10
        assert panel.text().startswith("<h1>10 edges</h1>")
        reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, widget=window.canvas)
        assert panel.text().startswith("No circuit is chosen.")

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


def test_its_panel_asks_the_engine_a_query_of_its_own(reader: Person, models: SimpleNamespace, tmp_path: Path) -> None:
    with loaded(reader, tmp_path, page_files()):
        reader.rest()
        panel = reader.panel("kept_edges")
        session = ws.Session(ws.load_model(models.gpt2), ws.load_model(models.gpt2).pair(CLEAN, COUNTERFACTUAL))
        edits: list[ws.Edit] = []
        for _ in range(2):
            chances = session.run(edits).logits.double().flatten().softmax(0)
            bits = sum(chance * math.log2(1 / chance) for chance in chances.tolist())
            assert panel.text() == f"No circuit is chosen.<p>{bits:.2f} bits</p>"
            reader.workbench.editing.toggle(MLP, "cut")  # found anew, of the run with the edit
            reader.rest()
            edits = [ws.Edit(MLP, "patch")]


def test_a_handler_that_fails_is_told_of_and_stops_nothing_else(reader: Person, tmp_path: Path) -> None:
    """One that breaks at its query, and one whose module cannot be imported."""
    with loaded(reader, tmp_path, FAILING):
        for name, why in (("Asked", "ZeroDivisionError: at its query"), ("Unmade", "No module named 'nowhere'")):
            reader.controller(name.lower()).ask()
            reader.rest()
            assert why in reader.dismiss()
            reader.workbench.editing.toggle(MLP, "cut")
            reader.rest()
            assert reader.workbench.ran_is_present
            assert reader.workbench.scored is not None
            assert not reader.dialogs(), "it is not asked again by itself"
        words = plugins_text()
    of_asked, of_unmade = words.split("\n\n")
    assert of_asked.startswith("features: asked, asked of failing 3")
    assert 'raise ZeroDivisionError("at its query")' in of_asked
    assert of_unmade.startswith("features: unmade, unmade of failing 3")
    assert "No module named 'nowhere'" in of_unmade


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
