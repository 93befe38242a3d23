"""Click a wire, cut it, and the answer changes: every way there and back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.edits import Edit
from core.formatting import change_words, metric_digits, number, pretty_name
from core.graph import LOGITS, Node
from core.tracing.trace import trace
from tests.app.cases import each
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person


def test_opening_a_folder_fills_the_window(reader: Person, models) -> None:
    window = reader.window
    assert window.top_bar.model.words().startswith("gpt2 3 layers · 4 heads · fp32 · cpu")
    assert window.windowTitle() == "gpt2[*] - Wirescope"
    assert reader.card("A").chips.chip_texts() == CLEAN.split()
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()
    assert window.centre.currentWidget() is window.parts.canvas_page
    assert window.canvas.scene.data.graph == reader.workbench.opened.graph
    assert len(window.canvas.scene.data.edges) == 48
    assert reader.predictions()
    assert window.panels["predictions"].metric_name.text() == 'logit(" Mary") − logit(" John")'
    assert window.panels["predictions"].metric_change.text() == "no edits"
    session = reader.session()
    parity = window.panels["status"].parity
    assert parity.isVisible()
    assert float(parity.text().removeprefix("parity ")) == pytest.approx(session.parity.difference, 0.6)
    metric, probabilities = reader.expected([])
    assert window.panels["predictions"].metric_value.text() == number(metric, metric_digits(metric, metric))
    assert reader.workbench.ran.before == reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    for row in reader.workbench.ran.rows:
        assert row.before == row.after == pytest.approx(probabilities[row.label], abs=1e-6)
    assert {row.label for row in reader.workbench.ran.rows} >= set(sorted(probabilities, key=probabilities.get)[-4:])


def test_a_click_selects_a_wire_and_the_inspector_says_what_it_does(reader: Person) -> None:
    (index,) = reader.strong_edges()
    edge = reader.edge(index)
    reader.click_edge(index)
    inspector = reader.panel("inspector")
    assert reader.window.canvas.selection() == (edge,)
    assert inspector.edge_name.isVisible()
    assert inspector.edge_name.text() == pretty_name(edge.name)
    without, _ = reader.expected([])
    with_it, _ = reader.expected([Edit(edge, "patch")])
    estimated = -trace(reader.session(), "eap").values[index]
    assert reader.effects() == {"estimated": change_words(estimated), "measured": change_words(with_it - without)}
    assert "replaced from B" in inspector.effects.kind.text()
    assert reader.edits() == []  # looking changes nothing


def test_x_cuts_what_is_selected_and_x_again_restores_every_digit(reader: Person) -> None:
    (index,) = reader.strong_edges()
    edge = reader.edge(index)
    first, written = reader.figures(), reader.predictions()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    metric, probabilities = reader.expected([Edit(edge, "patch")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5) != pytest.approx(first[1], abs=1e-3)
    for row in reader.workbench.ran.rows:
        assert row.after == pytest.approx(probabilities[row.label], abs=1e-6)
    assert reader.predictions() != written
    assert reader.edits() == [f"{pretty_name(edge.name)} from B"]
    assert reader.panel("predictions").metric_value.text() == number(metric, metric_digits(first[0], metric))
    change = change_words(metric - first[0])
    assert reader.panel("predictions").metric_change.text().startswith(f"{change} from")
    assert "edited: from B" in reader.tip(edge)
    mark = next(mark for mark in reader.window.canvas.scene.data.edges if mark.index == index)
    assert (mark.edited, mark.measured) == ("patch", True)
    assert mark.label == change  # the same figures everywhere
    assert "measured" in reader.tip(edge)

    reader.press(Qt.Key.Key_X)
    assert reader.figures() == first
    assert reader.predictions() == written
    assert reader.edits() == []
    assert "edited" not in reader.tip(edge)


def test_a_wire_into_the_output_says_that_only_the_output_had_to_run(reader: Person) -> None:
    first, second = (edge for edge in reader.workbench.opened.graph.edges[-2:])
    assert first.reader.kind == second.reader.kind == "logits"
    words = reader.panel("status").run
    reader.workbench.editing.toggle(first, "cut")  # nobody looked at it before
    reader.rest()
    assert words.text().endswith(" of a forward · output only")
    reader.workbench.editing.toggle(first, "cut")
    reader.rest()
    assert words.text().endswith("no edits")
    reader.window.canvas.choose((second,))  # the inspector measures it
    reader.rest()
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    assert words.text().endswith("kept from before")


def test_p_patches_and_the_inspectors_button_shows_it(reader: Person) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_P)
    assert [edit.kind for edit in reader.workbench.document.edits] == ["patch"]
    assert reader.panel("inspector").edits.chosen() == "patch"
    assert reader.window.commands["undo"].text() == f"Undo Patch {pretty_name(reader.edge(index).name)}"


def test_a_node_is_cut_with_all_its_wires(reader: Person) -> None:
    node = Node("head", 1, 2)
    reader.click_node(node)
    assert reader.panel("inspector").title.text() == "a1.h2"
    assert reader.panel("inspector").subtitle.text() == "head 2 of layer 1"
    reader.press(Qt.Key.Key_X)
    assert reader.edits() == ["a1.h2 from B"]
    metric, _ = reader.expected([Edit(node, "patch")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    graph = reader.workbench.opened.graph
    one_by_one, _ = reader.expected([Edit(graph.edge(int(i)), "patch") for i in graph.edges_out_of(node)])
    assert metric == pytest.approx(one_by_one, abs=1e-5)


def test_the_cut_tool_cuts_what_is_clicked(reader: Person) -> None:
    first, second = reader.strong_edges(2)
    reader.click(reader.window.top_bar.tools["cut"])
    reader.click_edge(first)
    assert [edit.target for edit in reader.workbench.document.edits] == [reader.edge(first)]
    reader.click_edge(second)
    assert len(reader.edits()) == 2
    reader.click_edge(first)  # again: restored
    assert [edit.target for edit in reader.workbench.document.edits] == [reader.edge(second)]
    reader.click(reader.window.top_bar.tools["select"])
    reader.click_edge(first)
    assert len(reader.edits()) == 1


def test_the_patch_tool_takes_from_b(reader: Person) -> None:
    reader.click(reader.window.top_bar.tools["patch"])
    reader.click_node(Node("mlp", 1))
    assert reader.edits() == ["m1 from B"]


@pytest.mark.parametrize("tool", ["cut", "patch"])
def test_logits_only_read_so_no_tool_edits_them(reader: Person, tool: str) -> None:
    reader.click(reader.window.top_bar.tools[tool])
    reader.click_node(LOGITS)
    assert reader.edits() == []
    reader.press(Qt.Key.Key_X)
    assert reader.edits() == []
    assert not reader.panel("inspector").edits.isVisible()


@pytest.mark.parametrize(("words", "kind"), [("zero", "zero"), ("mean", "mean"), ("from B", "patch")])
def test_replace_with_says_what_a_cut_puts_in(reader: Person, words: str, kind: str) -> None:
    bar = reader.window.top_bar
    assert bar.replacement.words() == "replace with: from B"
    next(action for action in bar.replacement_menu.actions() if action.text() == words).trigger()
    reader.rest()
    assert bar.replacement.words() == f"replace with: {words}"
    assert reader.workbench.scored.kind == kind  # the estimates are of the same edit
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    assert reader.edits() == [f"{pretty_name(reader.edge(index).name)} {words}"]
    metric, _ = reader.expected([Edit(reader.edge(index), kind)])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)


@each("kind", ["zero", "mean", "patch", "scale"])
def test_each_button_of_the_inspector_makes_its_edit_and_takes_it_back(reader: Person, kind: str) -> None:
    (index,) = reader.strong_edges()
    first = reader.figures()
    reader.click_edge(index)
    button = reader.panel("inspector").edits.buttons[kind]
    reader.click(button)
    reader.rest()
    (edit,) = reader.workbench.document.edits
    assert (edit.target, edit.kind) == (reader.edge(index), kind)
    metric, _ = reader.expected([Edit(reader.edge(index), kind, value=0.5 if kind == "scale" else None)])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    assert reader.panel("inspector").edits.chosen() == kind
    assert reader.effects()["measured"] == change_words(metric - first[0])
    reader.click(button)
    reader.rest()
    assert reader.edits() == []
    assert reader.figures() == first


def test_a_drag_of_the_scale_slider_is_one_step_of_the_history(reader: Person) -> None:
    first_edge, second_edge = reader.strong_edges(2)
    reader.click_edge(first_edge)
    buttons = reader.panel("inspector").edits
    reader.click(buttons.buttons["scale"])
    reader.rest()
    for value in (12, 20, 30):
        buttons.slider.setValue(value)
        reader.rest()
    assert reader.edits() == [f"{pretty_name(reader.edge(first_edge).name)} scale 1.5"]
    metric, _ = reader.expected([Edit(reader.edge(first_edge), "scale", value=1.5)])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)

    # Another wire's slider is another step.
    reader.click_edge(second_edge)
    reader.click(buttons.buttons["scale"])
    reader.rest()
    assert len(reader.edits()) == 2
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert reader.edits() == [f"{pretty_name(reader.edge(first_edge).name)} scale 1.5"]
    reader.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert reader.edits() == []


def test_undo_redo_and_reset_through_the_menu(reader: Person) -> None:
    first, second = reader.strong_edges(2)
    names = [pretty_name(reader.edge(index).name) for index in (first, second)]
    assert not reader.window.commands["undo"].isEnabled()
    states = [reader.figures()]
    for index in (first, second):
        reader.click_edge(index)
        reader.press(Qt.Key.Key_X)
        states.append(reader.figures())
    assert reader.window.commands["undo"].text() == f"Undo Cut {names[1]} (from B)"
    reader.choose("Edit", "Undo")
    assert reader.figures() == states[1]
    assert reader.window.commands["redo"].text() == f"Redo Cut {names[1]} (from B)"
    reader.choose("Edit", "Redo")
    assert reader.figures() == states[2]
    reader.choose("Edit", "Reset All")
    assert reader.figures() == states[0]
    assert reader.window.commands["undo"].text() == "Undo Reset all"
    reader.choose("Edit", "Undo")
    assert reader.figures() == states[2]
    assert len(reader.edits()) == 2
    reader.choose("Edit", "Undo")
    reader.choose("Edit", "Undo")
    assert reader.figures() == states[0]
    assert not reader.window.commands["undo"].isEnabled()


def test_the_list_of_edits_selects_and_restores(reader: Person) -> None:
    first, second = reader.strong_edges(2)
    for index in (first, second):
        reader.click_edge(index)
        reader.press(Qt.Key.Key_X)
    rows = reader.panel("inputs").edits.rows
    reader.click(rows.viewport(), rows.visualItemRect(rows.item(0)).center())
    reader.rest()
    assert reader.window.canvas.selection() == (reader.edge(first),)
    reader.click(rows.viewport(), rows.cross_rect(0).center())
    reader.rest()
    assert [edit.target for edit in reader.workbench.document.edits] == [reader.edge(second)]
    reader.click(reader.panel("inputs").edits.reset)
    reader.rest()
    assert reader.edits() == []


def test_several_selected_are_cut_and_restored_together(reader: Person) -> None:
    nodes = [Node("head", 0, 1), Node("mlp", 2)]
    canvas = reader.window.canvas
    reader.click_node(nodes[0])
    reader.click(canvas, canvas.node_point(nodes[1]).toPoint(), Qt.KeyboardModifier.ControlModifier)
    reader.rest()
    assert reader.panel("inspector").title.text() == "2 selected"
    reader.press(Qt.Key.Key_X)
    assert reader.edits() == ["a0.h1 from B", "m2 from B"]
    assert reader.window.commands["undo"].text() == "Undo Cut 2 places (from B)"
    metric, _ = reader.expected([Edit(node, "patch") for node in nodes])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    reader.press(Qt.Key.Key_R)
    assert reader.edits() == []


def test_x_without_a_selection_says_what_to_do(reader: Person) -> None:
    reader.window.canvas.setFocus()
    reader.press(Qt.Key.Key_X)
    assert reader.message() == "Select a node or an edge first."
    assert reader.edits() == []


def test_an_x_in_a_prompt_is_a_letter(reader: Person) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.edit_text(reader.card("A"))
    reader.qtbot.keyClicks(QApplication.focusWidget(), "xptr")
    assert reader.card("A").editor.toPlainText() == CLEAN + "xptr"
    assert reader.edits() == []
