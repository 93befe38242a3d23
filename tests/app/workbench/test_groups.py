"""Groups of nodes: made, named, coloured, selected by one click, taken apart, and all of it undone."""

from __future__ import annotations

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtTest import QTest

from core.graph import Node
from tests.app.person import Person
from views.canvas.groups import label_boxes

NODES = (Node("head", 1, 2), Node("mlp", 0), Node("head", 2, 1))
CTRL = Qt.KeyboardModifier.ControlModifier


def select(person: Person, nodes=NODES) -> None:
    canvas = person.window.canvas
    person.click_node(nodes[0])
    for node in nodes[1:]:
        person.click(canvas, canvas.node_point(node).toPoint(), Qt.KeyboardModifier.ShiftModifier)
    person.rest()


def labels(person: Person) -> dict[str, object]:
    canvas = person.window.canvas
    boxes = label_boxes(canvas.scene, canvas.camera, QSizeF(canvas.size()))
    return {group.name: box for group, box in boxes}


def test_a_group_is_made_named_selected_and_undone(reader: Person) -> None:
    select(reader)
    canvas, several = reader.window.canvas, reader.panel("inspector").several
    before = canvas.grab().toImage()
    several.name.setFocus()
    QTest.keyClicks(several.name, "movers")
    reader.press(Qt.Key.Key_Return, widget=several.name)
    (group,) = reader.workbench.document.groups
    assert (group.name, set(group.nodes)) == ("movers", set(NODES))
    assert reader.panel("inspector").title.text() == "movers"
    assert canvas.grab().toImage() != before
    assert reader.window.commands["group"].toolTip() == "These are a group already"

    # Another colour, from the palette.
    reader.click(several.swatches.buttons["teal"])
    assert reader.workbench.document.groups[0].color == "teal"

    # One click on its name selects all of it.
    reader.press(Qt.Key.Key_Escape, widget=canvas)
    assert canvas.selection() == ()
    reader.click(canvas, labels(reader)["movers"].center().toPoint())
    reader.rest()
    assert set(canvas.selection()) == set(NODES)
    reader.press(Qt.Key.Key_X, widget=canvas)
    assert len(reader.edits()) == 3
    reader.press(Qt.Key.Key_Z, CTRL, reader.window)

    # Undone step by step, and done again.
    reader.press(Qt.Key.Key_Z, CTRL, reader.window)
    assert reader.workbench.document.groups[0].color != "teal"
    reader.press(Qt.Key.Key_Z, CTRL, reader.window)
    assert reader.workbench.document.groups == ()
    assert labels(reader) == {}
    reader.press(Qt.Key.Key_Y, CTRL, reader.window)
    assert list(labels(reader)) == ["movers"]


def test_keys_group_and_ungroup(viewer: Person) -> None:
    nodes = NODES[:2]
    select(viewer, nodes)
    assert viewer.window.commands["group"].isEnabled()
    assert not viewer.window.commands["ungroup"].isEnabled()
    viewer.press(Qt.Key.Key_G, CTRL, viewer.window)
    assert list(labels(viewer)) == ["group 1"]
    assert viewer.panel("inspector").several.ungroup.isVisible()
    viewer.press(Qt.Key.Key_G, CTRL | Qt.KeyboardModifier.ShiftModifier, viewer.window)
    assert viewer.workbench.document.groups == ()
    assert viewer.panel("inspector").several.group.isVisible()


def test_a_node_is_in_one_group_and_edges_are_in_none(reader: Person) -> None:
    select(reader)
    reader.workbench.grouping.group("all")
    select(reader, NODES[1:])
    reader.workbench.grouping.group("two")
    assert [group.name for group in reader.workbench.document.groups] == ["two"]  # one node alone is no group

    canvas = reader.window.canvas
    (index,) = reader.strong_edges()
    canvas.choose((NODES[0], reader.edge(index)))
    reader.rest()
    several = reader.panel("inspector").several
    assert not several.group.isEnabled()
    assert "holds nodes" in several.group.toolTip()
    assert not reader.window.commands["group"].isEnabled()
