"""How strong an edit is: the slider of every kind, steering along A minus B, and edits of several at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from core.edits import Edit
from core.graph import Node
from tests.app.person import Person

HEAD = Node("head", 1, 2)
OTHER = Node("mlp", 0)


def drag(person: Person, *values: int) -> None:
    """Move the slider's handle through some values and let it go."""
    slider = person.panel("inspector").edits.slider
    slider.setSliderDown(True)
    for value in values:
        slider.setSliderPosition(value)
    slider.setSliderDown(False)
    person.rest()


def test_a_drag_makes_an_edit_weaker_and_is_one_step(reader: Person) -> None:
    reader.click_node(HEAD)
    edits = reader.panel("inspector").edits
    for kind in ("zero", "mean", "patch", "noise"):
        reader.click(edits.buttons[kind])
        reader.rest()
        assert edits.spin.text() == "100 %", kind
        drag(reader, 16, 12, 8)
        metric, _ = reader.expected([Edit(HEAD, kind, strength=0.4)])
        assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5), kind
        assert edits.spin.text() == "40 %", kind
        assert reader.edits()[0].endswith(", 40 %"), kind
        if kind != "noise":
            reader.press(Qt.Key.Key_R, widget=reader.window.canvas)
            assert reader.edits() == []
    drag(reader, 4)  # another drag is another step
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, reader.window)
    assert reader.workbench.document.edits[0].strength == pytest.approx(0.4)
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, reader.window)
    assert reader.workbench.document.edits[0].strength == 1.0
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, reader.window)
    assert reader.edits() == []


def test_steering_adds_a_multiple_of_a_minus_b(reader: Person) -> None:
    reader.click_node(HEAD)
    edits = reader.panel("inspector").edits
    reader.click(edits.buttons["steer"])
    reader.rest()
    session = reader.session()
    a, b = session.engine.clean(full=True), session.engine.counterfactual(full=True)
    adapter = session.model.adapter
    direction = (a.out(adapter, HEAD) - b.out(adapter, HEAD))[0].mean(dim=0)
    for coefficient in (1.0, -2.0):
        if coefficient != 1.0:
            drag(reader, -20)
        expected = session.run([Edit(HEAD, "steer", value=(coefficient * direction).tolist())])
        assert reader.workbench.ran.after == pytest.approx(float(expected.metric[0]), abs=1e-4)
    assert edits.spin.text() == "× -2.00"
    assert edits.chosen() == "steer"
    assert reader.edits() == ["a1.h2 steer × -2"]


def test_the_direction_of_a_minus_b_is_taken_out(reader: Person) -> None:
    reader.click_node(HEAD)
    edits = reader.panel("inspector").edits
    reader.click(edits.buttons["project"])
    reader.rest()
    session = reader.session()
    adapter = session.model.adapter
    a, b = (run.out(adapter, HEAD)[0] for run in (session.engine.clean(full=True), session.engine.counterfactual(True)))
    expected = session.run([Edit(HEAD, "project", value=(a - b).mean(dim=0).tolist())])
    assert reader.workbench.ran.after == pytest.approx(float(expected.metric[0]), abs=1e-4)
    assert abs(float(expected.metric[0]) - reader.workbench.ran.before) > 1e-3
    assert reader.edits() == ["a1.h2 a direction taken out"]
    drag(reader, 10)
    assert reader.workbench.document.edits[0].strength == pytest.approx(0.5)


def test_without_b_there_is_nothing_to_steer_along(person: Person, models) -> None:
    person.open(models.gpt2, "When Mary gave a drink to")
    person.click_node(HEAD)
    buttons = person.panel("inspector").edits.buttons
    for kind in ("steer", "project"):
        assert not buttons[kind].isEnabled()
        assert "A minus B" in buttons[kind].toolTip()
    assert not buttons["resample"].isEnabled()
    assert "dataset" in buttons["resample"].toolTip()
    assert buttons["noise"].isEnabled()


def test_where_a_and_b_write_the_same_steering_says_so(reader: Person) -> None:
    """The first token is the same in A and B."""
    reader.click_node(HEAD)
    matrix = reader.panel("inspector").attention.matrix
    reader.click(matrix, matrix.cell_rect(0, 0).center().toPoint())
    reader.rest()
    reader.click(reader.panel("inspector").edits.buttons["steer"])
    reader.rest()
    assert reader.message().startswith("It writes the same in A and in B there")
    assert reader.edits() == []


def test_several_are_edited_together_and_their_effects_stand_beside_the_sum(viewer: Person) -> None:
    canvas = viewer.window.canvas
    viewer.click_node(HEAD)
    viewer.click(canvas, canvas.node_point(OTHER).toPoint(), Qt.KeyboardModifier.ShiftModifier)
    viewer.rest()
    inspector = viewer.panel("inspector")
    assert inspector.title.text() == "2 selected"
    assert inspector.several.chip_texts() == ["a1.h2", "m0"]
    joint = viewer.expected([Edit(HEAD, "patch"), Edit(OTHER, "patch")])[0] - viewer.expected([])[0]
    alone = sum(viewer.expected([Edit(node, "patch")])[0] - viewer.expected([])[0] for node in (HEAD, OTHER))
    rows = inspector.several.effect.rows()
    assert [row.label for row in rows] == ["together", "one by one"]
    assert [row.value for row in rows] == pytest.approx([joint, alone], abs=1e-5)
    viewer.click(inspector.edits.buttons["zero"])
    viewer.rest()
    assert viewer.edits() == ["a1.h2 zero", "m0 zero"]
    drag(viewer, 10)
    metric, _ = viewer.expected([Edit(HEAD, "zero", strength=0.5), Edit(OTHER, "zero", strength=0.5)])
    assert viewer.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    rows = inspector.several.effect.rows()
    assert rows[0].value == pytest.approx(metric - viewer.expected([])[0], abs=1e-5)
    viewer.click(inspector.several.chips[1])
    viewer.rest()
    assert inspector.title.text() == "m0"
