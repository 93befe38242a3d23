"""The whole work flow without a mouse: from the welcome page to an exported figure, with keys for whatever has the
focus."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.features.canvas.controller import export
from core.edits import Edit
from core.graph import Edge, Node
from tests.app.person import Person

Key = Qt.Key
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier
MANY = 60


def focus() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None, "nothing has the focus"
    return widget


def press(person: Person, key: Key, modifier=NO_KEY) -> None:
    QTest.keyClick(focus(), key, modifier)
    QApplication.processEvents()


def go_to(person: Person, wanted: QWidget, key: Key = Key.Key_Tab, modifier=NO_KEY) -> None:
    """Press a key until a widget, or one inside it, has the focus."""
    seen = []
    for _ in range(MANY):
        if focus() is wanted or wanted.isAncestorOf(focus()):
            return
        seen.append(f"{type(focus()).__name__} {focus().accessibleName()}")
        press(person, key, modifier)
    raise AssertionError(f"{wanted.accessibleName()} is not reached by way of {seen}")


def test_from_the_welcome_page_to_a_figure_by_keys_alone(person: Person, tmp_path: Path, monkeypatch) -> None:
    window = person.window
    window.commands["welcome"].trigger()
    QApplication.processEvents()
    example = next(iter(window.panels["welcome"].example_buttons.values()))  # who gets the drink
    go_to(person, example)
    press(person, Key.Key_Space)
    person.wait(lambda: person.workbench.scored is not None and not person.workbench.busy)
    assert window.canvas.isVisible()

    # To the canvas, to a node, to its strongest edge, and cut it.
    go_to(person, window.canvas, Key.Key_Tab, CTRL)
    press(person, Key.Key_Up)  # starts at the input
    for _ in range(2):
        press(person, Key.Key_Up)
    press(person, Key.Key_Right)
    person.rest()
    (node,) = person.workbench.selection
    assert node == Node("head", 1, 1)
    for _ in range(MANY):
        if isinstance(person.workbench.selection[0], Edge):
            break
        press(person, Key.Key_Return)
    (edge,) = person.workbench.selection
    assert isinstance(edge, Edge)
    before = person.workbench.ran.after
    press(person, Key.Key_X)
    person.rest()
    metric, _ = person.expected([Edit(edge, "patch")])
    assert person.workbench.ran.after == pytest.approx(metric, abs=1e-4)

    # Read the predictions, and take them along.
    go_to(person, window.panels["predictions"], Key.Key_Tab, CTRL)
    window.panels["predictions"].setFocus(Qt.FocusReason.TabFocusReason)
    press(person, Key.Key_C, CTRL)
    assert person.predictions()[0][0] in QGuiApplication.clipboard().text()

    press(person, Key.Key_Z, CTRL)
    person.rest()
    assert person.workbench.ran.after == before
    assert person.edits() == []

    # Another metric.
    go_to(person, window.panels["inputs"], Key.Key_Tab, CTRL)
    go_to(person, window.panels["inputs"].metric_editor.kind)
    name = person.workbench.ran.metric_name
    press(person, Key.Key_Down)
    person.rest()
    assert person.workbench.ran.metric_name != name

    # Trace, and write the figure.
    go_to(person, window.canvas, Key.Key_Tab, CTRL)
    press(person, Key.Key_T)
    person.rest()
    assert person.workbench.recovered is not None
    path = tmp_path / "figure.svg"
    monkeypatch.setattr(export.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(person, Key.Key_E, CTRL)
    dialog = person.controller("canvas").figures.dialog
    person.wait(dialog.save.isEnabled)
    go_to(person, dialog.form)
    press(person, Key.Key_Down)
    assert dialog.form.currentData() == "svg"
    person.wait(dialog.save.isEnabled)
    go_to(person, dialog.save)
    press(person, Key.Key_Space)
    assert path.read_text(encoding="utf-8").startswith("<?xml")


def test_ctrl_tab_goes_round_all_parts_and_back_to_where_the_focus_was(reader: Person) -> None:
    window = reader.window
    reader.click_node(Node("head", 1, 2))
    window.canvas.setFocus()
    parts: list[str] = []
    for _ in range(12):
        press(reader, Key.Key_Tab, CTRL)
        part = window.panel_focus._part_of(focus())
        parts.append(part.accessibleName() or type(part).__name__)
        if focus() is window.canvas:
            break
    shown = {window.top_bar, window.centre, *(window.panels[key] for key in ("inputs", "inspector", "predictions"))}
    assert {part.accessibleName() or type(part).__name__ for part in shown} <= set(parts)
    assert len(parts) == len(set(parts))
    press(reader, Key.Key_Tab, CTRL | SHIFT)
    there = focus()
    assert there is not window.canvas
    press(reader, Key.Key_Tab, CTRL)
    assert focus() is window.canvas


def test_tab_goes_through_the_whole_window_and_is_caught_nowhere(reader: Person) -> None:
    window = reader.window
    reader.click_node(Node("head", 1, 2))
    window.top_bar.model.setFocus(Qt.FocusReason.TabFocusReason)
    visited: list[QWidget] = []
    for _ in range(150):
        visited.append(focus())
        press(reader, Key.Key_Tab)
        if focus() is window.top_bar.model:
            break
    else:
        raise AssertionError(f"Tab does not come round: {[type(widget).__name__ for widget in visited[-6:]]}")
    for part in (
        window.top_bar,
        window.panels["inputs"],
        window.canvas,
        window.panels["inspector"],
        window.panels["predictions"],
    ):
        assert any(part is widget or part.isAncestorOf(widget) for widget in visited), part
    assert all(widget.isVisible() for widget in visited)


def test_the_focus_can_be_seen(reader: Person) -> None:
    """Every stop of Tab looks another way while it has the focus."""
    window = reader.window
    window.top_bar.model.setFocus(Qt.FocusReason.TabFocusReason)
    unseen = []
    for _ in range(150):
        widget = focus()
        focused = widget.grab().toImage()
        press(reader, Key.Key_Tab)
        if widget.isVisible() and focused == widget.grab().toImage():
            unseen.append(f"{type(widget).__name__} {widget.accessibleName()} in {type(widget.parent()).__name__}")
        if focus() is window.top_bar.model:
            break
    assert unseen == []
