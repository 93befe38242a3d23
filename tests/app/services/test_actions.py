"""When the window's actions are looked at: once for all that changes together, and never too late."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.services.actions import Action
from core.graph import Node
from tests.app.person import Person

HEAD = Node("head", 0, 1)


def test_actions_are_looked_at_once_a_turn_of_the_event_loop(reader: Person) -> None:
    actions, asked = reader.window.commands, []
    probe = Action("probe", "Probe", why_not=lambda workbench: asked.append(1) or "")
    actions.add([probe], {"probe": lambda: None})
    reader.rest()
    asked.clear()
    reader.workbench.select((HEAD,))
    reader.workbench.editing.toggle_selection("cut")
    reader.workbench.history.undo()
    assert asked == [], "nobody has looked at an action"
    QApplication.processEvents()
    assert len(asked) == 1
    reader.workbench.history.redo()
    assert actions["probe"].isEnabled()
    assert len(asked) == 2, "who takes an action has it as it is now"


def test_a_key_that_follows_a_change_at_once_does_what_it_should(reader: Person) -> None:
    reader.workbench.select((HEAD,))
    reader.workbench.editing.toggle_selection("cut")
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert reader.workbench.document.edits == ()


def test_an_action_that_cannot_be_done_any_more_says_why(reader: Person) -> None:
    reader.workbench.select((HEAD,))
    reader.workbench.editing.toggle_selection("cut")
    undo = reader.window.commands["undo"]
    while reader.workbench.history.undo_words:
        reader.workbench.history.undo()
    assert undo.isEnabled(), "it is looked at when this turn of the event loop is over"
    undo.trigger()
    assert reader.message() == "Nothing is done yet."
    assert not undo.isEnabled()
