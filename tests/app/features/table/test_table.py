"""The table in the window: in step with the canvas both ways, and a place to edit from, checked against the engine."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.edits import Edit
from core.formatting import change_words
from core.graph import Edge, Node
from core.lens.attention import attention_pattern
from core.lens.heads import token_traits
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def tabled(reader: Person) -> Person:
    """With the table open, by its key."""
    open_table(reader)
    return reader


def open_table(person: Person) -> None:
    QTest.keyClick(person.window, Qt.Key.Key_F8)
    person.wait(lambda: person.panel("table").view.lines.rowCount())
    person.rest()


def view(person: Person):
    return person.panel("table").view


def line_of(person: Person, target: Node | Edge) -> int:
    (line,) = view(person).lines.lines_of((target,)).tolist()
    return line


def click_line(person: Person, line: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    index = view(person).lines.index(line, 0)
    view(person).scrollTo(index)
    person.click(view(person).viewport(), view(person).visualRect(index).center(), modifier)
    person.rest()


def test_the_table_says_what_the_engine_found(tabled: Person) -> None:
    graph, scores = tabled.workbench.opened.graph, tabled.workbench.scored.values
    table = view(tabled)
    assert table.lines.rowCount() == graph.n_edges
    strongest = int(np.argmax(np.abs(scores)))
    assert table.lines.targets(np.array([0])) == (graph.edge(strongest),)
    assert table.lines.texts(0)[2] == change_words(-float(scores[strongest]))
    shown = {mark.index for mark in tabled.window.canvas.scene.data.edges}
    kept = {int(table.lines.shown[line]) for line in range(graph.n_edges) if table.lines.texts(line)[5] == "kept"}
    assert kept == shown  # nothing is selected, so the canvas shows the circuit alone


def test_the_scores_are_one_array_from_the_trace_to_the_table(tabled: Person) -> None:
    """Of a large model a second one would be a hundred megabytes."""
    scored, rows = tabled.workbench.scored, view(tabled).lines.rows
    assert scored.values is scored.scores.values
    assert rows.data.scores is scored.values
    assert not {"edge_writers", "edge_readers"} & set(vars(rows.data.graph))


def test_a_line_that_is_chosen_is_selected_on_the_canvas_and_inspected(tabled: Person) -> None:
    click_line(tabled, 2)
    (edge,) = view(tabled).lines.targets(np.array([2]))
    assert tabled.window.canvas.selection() == (edge,)
    assert tabled.workbench.selection == (edge,)
    assert set(tabled.effects()) == {"estimated", "measured"}
    click_line(tabled, 4, CTRL)
    both = view(tabled).lines.targets(np.array([2, 4]))
    assert set(tabled.window.canvas.selection()) == set(both)

    tabled.click_node(Node("head", 1, 2))
    assert tabled.panel("table").kind() == "nodes"
    assert view(tabled).lines.targets(view(tabled).chosen()) == (Node("head", 1, 2),)
    index = tabled.strong_edges()[0]
    tabled.click_edge(index)
    assert tabled.panel("table").kind() == "edges"
    assert view(tabled).lines.targets(view(tabled).chosen()) == (tabled.edge(index),)


def test_x_p_and_r_edit_from_the_table_and_the_line_says_so(tabled: Person) -> None:
    click_line(tabled, 1)
    (edge,) = view(tabled).lines.targets(np.array([1]))
    tabled.press(Qt.Key.Key_X, widget=view(tabled))
    metric, _ = tabled.expected([Edit(edge, "patch")])
    assert tabled.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    texts = view(tabled).lines.texts(line_of(tabled, edge))
    assert texts[4] == "from B"
    assert texts[3] == change_words(metric - tabled.workbench.ran.before)
    assert view(tabled).hasFocus()  # one can go on
    tabled.panel("table").filter.setFocus()
    QTest.keyClicks(tabled.panel("table").filter, "edited")
    QTest.keyClick(tabled.panel("table").filter, Qt.Key.Key_Return)
    tabled.rest()
    assert view(tabled).lines.rowCount() == 1
    assert view(tabled).hasFocus()
    tabled.press(Qt.Key.Key_R, widget=view(tabled))
    assert tabled.edits() == []
    assert tabled.panel("table").problem.text() == "No line fits the filter."


def test_the_context_menu_edits_and_goes_to_the_place(tabled: Person) -> None:
    view(tabled).lines.sort(0, Qt.SortOrder.AscendingOrder)
    click_line(tabled, 3)
    (edge,) = view(tabled).lines.targets(np.array([3]))
    menu = tabled.panel("table").make_menu()
    actions = {action.text().replace("&", ""): action for action in menu.actions()}
    assert actions["Cut Selection"].isEnabled()
    assert not actions["Restore Selection"].isEnabled()
    actions["Cut Selection"].trigger()
    tabled.rest()
    assert tabled.workbench.document.edit_of(edge) is not None
    menu.close()
    tabled.press(Qt.Key.Key_Return, widget=view(tabled))
    canvas = tabled.window.canvas
    tabled.wait(canvas.hasFocus)
    canvas.settle()
    assert canvas.camera.scale > canvas.home().scale


def test_numbers_of_an_earlier_state_are_dimmed(tabled: Person) -> None:
    table = view(tabled)
    index = table.lines.index(0, 2)
    fresh = table.lines.data(index, Qt.ItemDataRole.ForegroundRole).alphaF()
    tabled.workbench._client.mark_stale()  # as when the engine takes long
    tabled.wait(lambda: table.lines.data(index, Qt.ItemDataRole.ForegroundRole).alphaF() < fresh)


def test_a_picture_models_table_has_its_own_words(viewer: Person) -> None:
    open_table(viewer)
    click_line(viewer, 0)
    (edge,) = view(viewer).lines.targets(np.array([0]))
    assert viewer.workbench.selection == (edge,)
    viewer.click(viewer.panel("table").kinds["nodes"])
    texts = [view(viewer).lines.texts(line)[:2] for line in range(view(viewer).lines.rowCount())]
    assert ["input", "input · patch + position"] in texts
    assert ["logits", "class scores"] in texts
    viewer.press(Qt.Key.Key_F8, widget=viewer.window)
    assert not viewer.panel("table").isVisible()


def test_an_arrow_in_the_filter_turns_the_table_to_edges_and_lines_are_cut(tabled: Person) -> None:
    table = tabled.panel("table")
    tabled.click_node(Node("head", 1, 2))
    assert table.kind() == "nodes"
    tabled.click(table.filter)
    QTest.keyClicks(table.filter, "->logits")
    QTest.keyClick(table.filter, Qt.Key.Key_Return)
    tabled.rest()
    assert table.kind() == "edges"
    click_line(tabled, 0)
    click_line(tabled, 2, Qt.KeyboardModifier.ShiftModifier)
    assert len(tabled.workbench.selection) == 3
    tabled.press(Qt.Key.Key_X, widget=table.view)
    assert [edit.target for edit in tabled.workbench.document.edits] == list(tabled.workbench.selection)
    assert all(edit.target.reader.kind == "logits" for edit in tabled.workbench.document.edits)


def heads_of_columns(person: Person) -> dict[str, str]:
    """Titles, and the tips that explain them."""
    lines = view(person).lines
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
    columns = range(lines.columnCount())
    heads = (tuple(lines.headerData(n, Qt.Orientation.Horizontal, role) for role in roles) for n in columns)
    return {title.removesuffix(" ↓").removesuffix(" ↑"): tip for title, tip in heads}


def test_the_nodes_have_a_column_of_what_heads_do(tabled: Person) -> None:
    tabled.click(tabled.panel("table").kinds["nodes"])
    lines = view(tabled).lines
    labelled = list(heads_of_columns(tabled)).index("Labels")
    tabled.wait(lambda: any(lines.index(line, labelled).data() for line in range(lines.rowCount())))
    session = tabled.session()
    result, ids = session.run(positions="all"), session.pair.clean.tensor[0].tolist()
    labels = {node: lines.index(line_of(tabled, node), labelled).data() or "" for node in session.graph.nodes}
    assert any(labels.values())
    for node, label in labels.items():
        if node.kind != "head":
            assert not label
            continue
        traits = token_traits(attention_pattern(result, node.layer, node.head), ids)
        if traits[0].value >= 0.5:
            assert f"{traits[0].name} {traits[0].value:.2f}" in label


def test_the_heads_of_columns_say_of_what_their_figures_are(tabled: Person) -> None:
    tabled.press(Qt.Key.Key_T, widget=tabled.window.canvas)
    named = heads_of_columns(tabled)
    assert "EAP-IG over this pair" in named["Estimated"]
    assert "Measured: this pair." in named["Measured"]
    (index,) = tabled.strong_edges()
    tabled.click_edge(index)
    tabled.press(Qt.Key.Key_P, widget=tabled.window.canvas)
    named = heads_of_columns(tabled)
    assert "without edits" in named["Estimated, no edits"]
    assert "with the other edits in place" in named["Measured, with edits"]


def test_an_edge_that_is_selected_is_forgotten_with_its_model(tabled: Person, models) -> None:
    """The next model has fewer layers."""
    graph = tabled.workbench.opened.graph
    last = graph.edge(graph.n_edges - 2)
    tabled.window.canvas.choose((last,))
    tabled.rest()
    assert tabled.workbench.selection == (last,)
    tabled.open(models.llama, CLEAN, COUNTERFACTUAL)
    tabled.rest()
    assert tabled.workbench.opened.graph.layers < graph.layers
    assert not tabled.dialogs()
    assert not len(view(tabled).chosen())
