"""Open an MLP, cut a neuron: by clicks, against the engine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from core.edits import Edit
from core.formatting import change_words
from core.graph import Node
from core.lens.neurons import neurons
from core.project.target_names import target_named
from tests.app.person import Person

MLP = Node("mlp", 0)


def test_a_neuron_is_selected_cut_and_restored(reader: Person) -> None:
    reader.click_node(MLP)
    section = reader.panel("inspector").neurons
    reader.wait(lambda: "measured, each alone" in section.words.text())
    found = neurons(reader.session(), MLP, 12, "patch")
    names = [found.unit(number).name for number in found.top(12)]
    assert [label.split()[0] for label, _ in section.rows.row_texts()] == names
    assert [text for _, text in section.rows.row_texts()] == [change_words(e) for e in found.measured.values()]
    reader.panel("inspector").scroll_area.ensureWidgetVisible(section.rows)
    reader.click(section.rows, section.rows.row_rect(0).center().toPoint())
    reader.rest()
    unit = found.unit(found.top(1)[0])
    assert reader.workbench.selection == (unit,)
    inspector = reader.panel("inspector")
    assert inspector.title.text() == unit.name
    assert inspector.subtitle.text() == f"neuron {unit.head} of the MLP of layer 0"
    buttons = inspector.edits.buttons
    assert buttons["zero"].isEnabled()
    assert not buttons["steer"].isEnabled()
    assert "select the MLP as a whole" in buttons["steer"].toolTip()
    assert section.rows.rows()[0].chosen
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    reader.rest()
    (edit,) = reader.workbench.document.edits
    assert edit == Edit(unit, "patch")
    assert target_named(unit.name) == unit  # as a project has it
    metric, _ = reader.expected([edit])
    before, _ = reader.expected([])
    assert reader.workbench.known.inspected.measured == pytest.approx(metric - before, abs=1e-5)
    assert metric - before == pytest.approx(found.measured[unit.head], abs=1e-5)
    assert section.rows.rows()[0].bold
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert not reader.workbench.document.edits
