"""The circuit over tokens and patches in the window: what is drawn is what the engine says, edits are at one place, and
both levels tell of the same work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from core.edits import Edit
from core.formatting import change_words
from core.graph import INPUT, Entries, Node
from core.lens.unfolded import unfold
from tests.app.figure_dialog import save_figure
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from views.canvas.positions.data import Move, Place, PositionsData, Spot, Wire

LAST = (5,)  # "to", where the output reads


def unfolded(person: Person) -> PositionsData:
    """What the second level shows, once it is there."""
    board = person.panel("canvas").positions
    person.rest()
    person.wait(lambda: board._data is not None and board._data.links and not board._data.stale)
    return board._data


def go_to_tokens(person: Person) -> PositionsData:
    person.click(person.panel("canvas").buttons["positions"])
    assert person.panel("canvas").positions.isVisible()
    return unfolded(person)


def click_place(person: Person, place: Place) -> None:
    board = person.panel("canvas").positions
    point = board.spot_point(place) if isinstance(place, Spot) else board.link_point(place)
    person.click(board, point.toPoint())
    unfolded(person)


def clickable(person: Person, kind: type, **wanted) -> Place:
    """The strongest link of a kind that can be clicked."""
    board = person.panel("canvas").positions
    for link in reversed(board.scene.links):
        if isinstance(link, kind) and all(getattr(link, name) == value for name, value in wanted.items()):
            try:
                board.link_point(link)
            except ValueError:
                continue
            return link
    raise AssertionError(f"no {kind.__name__} can be clicked")


def mark_of(person: Person, link: Place):
    return next(each.mark for each in person.panel("canvas").positions._data.links if each.link == link)


def test_what_is_drawn_over_tokens_is_what_the_engine_says(reader: Person) -> None:
    data = go_to_tokens(reader)
    assert [column.text for column in data.columns] == CLEAN.split()
    assert [column.positions for column in data.columns if column.read] == [LAST]
    graph = reader.workbench.opened.graph
    indices = sorted({graph.edge_index(e.link.edge) for e in data.links if isinstance(e.link, Wire)})
    assert set(indices) <= {mark.index for mark in reader.workbench.presenter.canvas().edges}
    heads = [e.link.head for e in data.links if isinstance(e.link, Move)]
    everything = sorted({*indices, *(graph.index(f"{head.name}->logits") for head in heads)})
    expected = unfold(reader.session(), everything, replacement="patch", method=reader.workbench.document.method)
    assert len(heads) > 3
    assert len(indices) > 3
    for each in data.links:
        link, value = each.link, each.mark.value
        if isinstance(link, Move):
            row = [expected.nodes[place] for place in expected.heads.tolist()].index(link.head)
            score = expected.moves[row, link.goal[0], link.source[0]]
        else:
            row = everything.index(graph.edge_index(link.edge))
            score = expected.wires[row, link.positions[0]]
        assert not each.mark.measured
        assert value == pytest.approx(float(score), rel=1e-3, abs=1e-6), link


def test_a_cut_at_one_token_changes_that_token_alone(reader: Person) -> None:
    go_to_tokens(reader)
    move = clickable(reader, Move, goal=LAST)
    spot = Spot(move.head, LAST)
    click_place(reader, spot)
    assert reader.workbench.positions == LAST
    assert reader.workbench.selection == (move.head,)
    reader.press(Qt.Key.Key_X, widget=reader.panel("canvas").positions)
    unfolded(reader)
    edit = Edit(move.head, "patch", LAST)
    assert reader.workbench.document.edits == (edit,)
    metric, _ = reader.expected([edit])
    clean, _ = reader.expected([])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    change = change_words(metric - clean)
    reader.wait(lambda: reader.panel("canvas").positions._data.spots[spot].label == change)
    assert reader.edits() == [reader.panel("inputs").edits.row_texts()[0]]
    assert "at “to”" in reader.edits()[0]
    assert mark_of(reader, move).edited == "patch", "what the head moves there is broken"
    assert f"edited: from B {change}" in reader.panel("canvas").positions.tip(spot)

    # On the first level it is a cut in part, and says where.
    reader.click(reader.panel("canvas").buttons["components"])
    reader.rest()
    label = reader.window.canvas.scene.data.nodes[move.head].label
    assert label == f"{change} at “to”"

    # Again, and it is whole.
    go_to_tokens(reader)
    reader.press(Qt.Key.Key_X, widget=reader.panel("canvas").positions)
    unfolded(reader)
    assert reader.workbench.document.edits == ()
    assert reader.workbench.ran.after == pytest.approx(clean, abs=1e-5)


def test_a_wire_at_one_token_is_measured_and_patched_there(reader: Person) -> None:
    go_to_tokens(reader)
    wire = clickable(reader, Wire)
    click_place(reader, wire)
    assert reader.workbench.selection == (wire.edge,)
    edit = Edit(wire.edge, "patch", wire.positions)
    metric, _ = reader.expected([edit])
    clean, _ = reader.expected([])
    reader.wait(lambda: mark_of(reader, wire).measured)
    assert mark_of(reader, wire).value == pytest.approx(clean - metric, abs=1e-5)
    reader.press(Qt.Key.Key_P, widget=reader.panel("canvas").positions)
    unfolded(reader)
    assert reader.workbench.document.edits == (edit,)
    assert mark_of(reader, wire).edited == "patch"
    reader.wait(lambda: mark_of(reader, wire).label == change_words(metric - clean))


def test_the_selection_goes_along_between_the_levels(reader: Person) -> None:
    shown = go_to_tokens(reader)
    head = next(each.link.head for each in shown.links if isinstance(each.link, Move))
    QTest.keyClick(reader.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert reader.window.canvas.isVisible()
    reader.click_node(head)
    reader.choose("View", "Unfold over Tokens")
    data = unfolded(reader)
    assert reader.window.commands["level"].isChecked()
    assert {place.node for place in data.selection if isinstance(place, Spot)} == {head}
    moves = [each.link for each in data.links if isinstance(each.link, Move) and each.link.head == head]
    assert len(moves) >= 6, "all that the selected head moves of any size"
    chip = Spot(INPUT, (1,))
    click_place(reader, chip)
    assert reader.workbench.positions == (1,)
    assert [column.positions for column in reader.panel("canvas").positions._data.columns if column.chosen] == [(1,)]
    reader.panel("canvas").positions.setFocus()
    reader.press(Qt.Key.Key_Escape, widget=reader.panel("canvas").positions)
    assert reader.workbench.positions == ()


def test_another_metric_and_another_prompt_unfold_anew(reader: Person) -> None:
    before = {each.link: each.mark.value for each in go_to_tokens(reader).links}
    reader.type_prompt("A", "When John gave a drink to")
    reader.type_prompt("B", CLEAN)
    data = unfolded(reader)
    assert [column.text for column in data.columns] == COUNTERFACTUAL.split()
    after = {each.link: each.mark.value for each in data.links}
    both = before.keys() & after.keys()
    assert not np.allclose([before[link] for link in both], [after[link] for link in both])


def test_patches_take_part_or_are_counted_and_a_region_is_one_column(viewer: Person) -> None:
    assert viewer.panel("canvas").buttons["positions"].text() == "Patches"
    data = go_to_tokens(viewer)
    assert data.columns[0].text == "CLS"
    assert data.columns[0].read
    assert data.picture is not None
    assert len(data.columns) + data.hidden_columns == 17
    region = (6, 7, 10)
    viewer.workbench.set_positions(region)
    data = unfolded(viewer)
    viewer.wait(lambda: any(c.positions == region for c in viewer.panel("canvas").positions._data.columns))
    data = viewer.panel("canvas").positions._data
    assert len(data.columns) + data.hidden_columns == 15
    head = next(e.link.head for e in data.links if isinstance(e.link, Move))
    graph = viewer.workbench.opened.graph
    whole = unfold(viewer.session(), [graph.index(f"{head.name}->logits")], method=viewer.workbench.document.method)
    columns = [(0,), *((i,) for i in range(1, 6)), region, (8,), (9,), *((i,) for i in range(11, 17))]
    merged = whole.merged(columns)
    for each in data.links:
        if isinstance(each.link, Move) and each.link.head == head and not each.mark.measured:
            at = merged.moves[0, columns.index(each.link.goal), columns.index(each.link.source)]
            assert each.mark.value == pytest.approx(float(at), rel=1e-3, abs=1e-6), each.link

    # A cut of a node in the region is one at its patches.
    viewer.panel("canvas").positions.choose((Spot(Node("mlp", 0), region),))
    viewer.rest()
    viewer.press(Qt.Key.Key_X, widget=viewer.panel("canvas").positions)
    unfolded(viewer)
    edit = Edit(Node("mlp", 0), "patch", region)
    assert viewer.workbench.document.edits == (edit,)
    metric, _ = viewer.expected([edit])
    assert viewer.workbench.ran.after == pytest.approx(metric, abs=1e-5)


def test_without_b_the_circuit_unfolds_by_zero(person: Person, models) -> None:
    person.open(models.llama, CLEAN)
    data = go_to_tokens(person)
    assert data.kind_words == "replaced by zero"
    assert "replaced by zero" in person.panel("canvas").positions.tip(data.links[0].link)


def test_what_is_exported_is_the_level_that_shows(reader: Person, tmp_path: Path, monkeypatch) -> None:
    data = go_to_tokens(reader)
    path = tmp_path / "tokens.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    save_figure(reader, "svg")
    svg = path.read_text(encoding="utf-8")
    assert f"{len(data.links)} of {data.links_in_all:,} links" in svg
    assert all(word in svg for word in CLEAN.split())
    assert "at each position, replaced from B" in svg
    QTest.keyClick(reader.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    save_figure(reader, "svg")
    assert "links" not in path.read_text(encoding="utf-8")


def test_zoom_and_frame_are_of_the_level_that_shows(reader: Person) -> None:
    go_to_tokens(reader)
    board, canvas = reader.panel("canvas").positions, reader.window.canvas
    home, other = board.camera, canvas.camera
    reader.choose("View", "Zoom In")
    assert board.camera.scale > home.scale
    assert canvas.camera == other
    reader.choose("View", "Frame All")
    assert board.camera == home
    assert board.target_at(QPointF(2, board.height() - 3)) is None


def test_an_arrow_of_attention_is_cut_patched_and_knocked_out(reader: Person) -> None:
    go_to_tokens(reader)
    board = reader.panel("canvas").positions
    move = clickable(reader, Move, goal=LAST)
    weights = Entries(move.head, move.source)
    assert not reader.window.commands["knock_out"].isEnabled()
    click_place(reader, move)
    assert "X cuts this arrow" in board.tip(move)
    clean, _ = reader.expected([])
    for key, kind in ((Qt.Key.Key_X, "zero"), (Qt.Key.Key_P, "patch"), (Qt.Key.Key_K, "knockout")):
        edit = Edit(weights, kind, LAST)
        reader.press(key, widget=board)
        unfolded(reader)
        assert reader.workbench.document.edits == (edit,)
        metric, _ = reader.expected([edit])
        assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
        change = change_words(metric - clean)
        reader.wait(lambda change=change: mark_of(reader, move).label == change)
        assert mark_of(reader, move).edited == kind
        assert mark_of(reader, move).measured
        assert f"from “{CLEAN.split()[move.source[0]]}” at “to”" in reader.edits()[0]
        assert board._data.selection == (move,), "it stays selected"
        reader.press(key, widget=board)
        unfolded(reader)
        assert reader.workbench.document.edits == ()
    click_place(reader, Spot(move.head, LAST))
    reader.press(Qt.Key.Key_X, widget=board)
    unfolded(reader)
    assert reader.workbench.document.edits == (Edit(move.head, "patch", LAST),), "of a head, all that it writes there"
