"""An MLP that opens on the canvas: by a double click, by its key; its neurons are selected and cut there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from core.edits import Edit
from core.graph import Node
from core.lens.neuron_ranking import rank_neurons
from core.lens.neurons import neurons
from tests.app.person import Person

MLP = Node("mlp", 0)


def point(reader: Person, node: Node) -> QPoint:
    return reader.window.canvas.node_point(node).toPoint()


def test_an_mlp_opens_and_a_neuron_is_cut_in_its_place(reader: Person) -> None:
    canvas = reader.window.canvas
    reader.qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=point(reader, MLP))
    reader.wait(lambda: MLP in canvas.scene.layout.opened)
    reader.rest()
    found = neurons(reader.session(), MLP, replacement="patch", measure=False)
    units = [found.unit(number) for number in sorted(found.top(12))]
    assert list(canvas.scene.layout.opened[MLP]) == units
    box = canvas.scene.layout.shape(MLP)
    shapes = [canvas.scene.layout.shape(unit) for unit in units]
    assert all(box.contains(shape) for shape in shapes)
    assert not any(a.intersects(b) for i, a in enumerate(shapes) for b in shapes[:i])
    reader.click(canvas, point(reader, units[3]))
    reader.rest()
    assert reader.workbench.selection == (units[3],)
    assert units[3].name in reader.tip(units[3])
    reader.press(Qt.Key.Key_X, widget=canvas)
    reader.rest()
    assert reader.workbench.document.edits == (Edit(units[3], "patch"),)
    assert canvas.scene.mark(units[3]).edited == "patch"
    reader.press(Qt.Key.Key_Right, widget=canvas)
    assert reader.workbench.selection == (units[4],)
    for _ in range(5):
        reader.press(Qt.Key.Key_Left, widget=canvas)
    assert reader.workbench.selection == (MLP,)
    reader.press(Qt.Key.Key_Right, widget=canvas)
    assert reader.workbench.selection == (units[0],)
    reader.rest()
    reader.press(Qt.Key.Key_O, widget=canvas)
    reader.rest()
    assert not canvas.scene.layout.opened
    assert reader.workbench.selection == (MLP,)
    mark = canvas.scene.mark(MLP)  # it stands for the neuron that is edited
    assert mark.edited == "patch"
    assert mark.label.startswith(units[3].name)
    assert reader.workbench.document.edits == (Edit(units[3], "patch"),)
    canvas.grab()


def test_the_strongest_neurons_of_all_mlps_open_theirs(reader: Person) -> None:
    action, canvas = reader.window.commands["strongest_neurons"], reader.window.canvas
    ranking = rank_neurons(reader.session(), "patch")
    best = sorted(ranking.top(24), key=lambda unit: (unit.layer, unit.head))
    action.trigger()
    reader.wait(lambda: canvas.scene.layout.opened)
    reader.rest()
    assert [unit for units in canvas.scene.layout.opened.values() for unit in units] == best
    mark = canvas.scene.mark(best[0])
    assert mark.score == pytest.approx(ranking.score(best[0]), abs=1e-5)
    reader.click(canvas, point(reader, best[0]))
    reader.rest()
    assert reader.workbench.selection == (best[0],)
    action.trigger()
    reader.rest()
    assert not canvas.scene.layout.opened
    assert reader.workbench.selection == (best[0].whole,)


def test_without_an_mlp_there_is_nothing_to_open(reader: Person) -> None:
    action = reader.window.commands["open_mlp"]
    assert action in reader.menu("View").actions()
    for target in (None, Node("head", 0, 1)):
        if target is not None:
            reader.click_node(target)
        assert not action.isEnabled()
        assert "Select an MLP first" in action.toolTip()
    reader.click_node(MLP)
    assert action.isEnabled()
