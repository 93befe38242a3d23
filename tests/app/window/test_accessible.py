"""A screen reader finds every part of the window that can be reached, by a name and as what it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTabBar,
    QWidget,
)

from core.graph import Node
from tests.app.person import Person

Role = QAccessible.Role
BUTTONS = {Role.PushButton, Role.CheckBox, Role.RadioButton, Role.ButtonMenu, Role.ButtonDropDown, Role.Link}
# What a widget of a class is to a screen reader.
ROLES: tuple[tuple[type[QWidget], set[QAccessible.Role]], ...] = (
    (QAbstractButton, BUTTONS),
    (QComboBox, {Role.ComboBox}),
    (QLineEdit, {Role.EditableText}),
    (QPlainTextEdit, {Role.EditableText}),
    (QSlider, {Role.Slider}),
    (QTabBar, {Role.PageTabList}),
    (QAbstractItemView, {Role.Table, Role.List, Role.Tree}),
)
# The system announces these by itself.
OF_QT = {"QMenuBar", "qt_spinbox_lineedit", "qt_scrollarea_viewport"}


def reachable(root: QWidget) -> Iterator[QWidget]:
    """All widgets that the keyboard can go to now."""
    for widget in [root, *root.findChildren(QWidget)]:
        policy = widget.focusPolicy()
        known = {type(widget).__name__, widget.objectName()}
        takes_keys = widget.isVisible() and widget.isEnabled() and bool(policy & Qt.FocusPolicy.TabFocus)
        of_another = known & OF_QT or widget.focusProxy() is not None or isinstance(widget.parent(), QComboBox)
        if takes_keys and not of_another:
            yield widget


def faults(root: QWidget) -> list[str]:
    """What a screen reader cannot say of a window."""
    found = []
    for widget in reachable(root):
        heard = QAccessible.queryAccessibleInterface(widget)
        what = f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}"
        if heard is None:
            found.append(f"{what}: no interface")
            continue
        if not heard.text(QAccessible.Text.Name).strip():
            found.append(f"{what}: no name")
        fitting = next((roles for kind, roles in ROLES if isinstance(widget, kind)), None)
        if fitting is not None and heard.role() not in fitting:
            found.append(f"{what}: is a {heard.role().name}")
    return found


def test_the_welcome_page_can_be_heard(person: Person) -> None:
    person.window.commands["welcome"].trigger()
    QApplication.processEvents()
    assert len(list(reachable(person.window))) > 8
    assert faults(person.window) == []


@pytest.mark.parametrize("model", ["reader", "viewer"])
def test_the_window_can_be_heard_with_all_of_its_panels(request: pytest.FixtureRequest, model: str) -> None:
    person: Person = request.getfixturevalue(model)
    for key, dock in person.window.docks.items():
        if dock.isHidden():
            person.window.commands[f"show_{key}"].trigger()
    for target in (Node("head", 1, 2), None):
        if target is not None:
            person.click_node(target)
            person.press(Qt.Key.Key_X, widget=person.window.canvas)
        else:
            person.window.canvas.choose((person.edge(person.strong_edges()[0]),))
            person.rest()
        for dock in person.window.docks.values():  # one after the other, those that lie under tabs too
            dock.raise_()
            QApplication.processEvents()
            assert faults(person.window) == []
    assert len(list(reachable(person.window))) > 25


def test_find_can_be_heard(onlooker: Person) -> None:
    QTest.keyClick(onlooker.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = onlooker.controller("find").bar
    QTest.keyClicks(bar.field, "m0->")
    onlooker.wait(lambda: bar.hits())
    assert faults(bar) == []
    listed = QAccessible.queryAccessibleInterface(bar.list)
    assert listed.child(0).text(QAccessible.Text.Name).startswith("edge from MLP of layer 0 to")


def dialogs_of(person: Person) -> dict[str, str]:
    """The dialogs, by the key of their command."""
    return {key: key for key in ("keys", "about", "palette") if key in person.window.commands}


def test_dialogs_can_be_heard(person: Person) -> None:
    for key in dialogs_of(person):
        person.window.commands[key].trigger()
        QApplication.processEvents()
        shown = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not person.window]
        for dialog in shown:
            assert faults(dialog) == [], key
            dialog.close()
        person.window.activateWindow()


def test_the_canvas_says_what_is_selected_and_what_it_is_known_for(reader: Person) -> None:
    said: list[str] = []
    reader.window.controllers["status"].screen_reader.announced.connect(said.append)
    reader.click_node(Node("head", 1, 2))
    heard = QAccessible.queryAccessibleInterface(reader.window.canvas)
    assert heard.role() != Role.NoRole
    assert "Selected: a1.h2." in heard.text(QAccessible.Text.Description)
    assert said[0] == "a1.h2, head 2 of layer 1, selected"
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    ran = reader.workbench.ran
    (words,) = [words for words in said if words.startswith("logit")]
    assert f"{ran.after:.2f}"[:4].replace("-", "−") in words
    assert "from" in words
    edge = reader.edge(reader.strong_edges()[0])
    reader.window.canvas.choose((edge,))
    reader.rest()
    assert any(words.startswith("edge from") and words.endswith("selected") for words in said)
