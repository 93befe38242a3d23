"""A weight of a head's attention, clicked in the inspector: why the head looks there, and edits of the weight."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.features.inspector.queries import ArrowReply
from core.edits import Edit
from core.formatting import change_words
from core.graph import Entries, Node
from core.lens.query_key import query_key
from tests.app.person import Person

HEAD = Node("head", 1, 2)


def click_weight(person: Person, query: int, key: int) -> None:
    matrix = person.panel("inspector").attention.matrix
    person.click(matrix, matrix.cell_rect(query, key).center().toPoint())
    person.rest()


def test_a_click_on_a_weight_says_why_the_head_looks_there_and_edits_it(reader: Person) -> None:
    reader.click_node(HEAD)
    section = reader.panel("inspector").arrow
    assert not section.isVisible()
    replies: list[ArrowReply] = []
    reader.workbench.on(ArrowReply, replies.append)
    click_weight(reader, 4, 2)
    reader.wait(section.isVisible)
    whole, first = replies[-1].data, replies[0].data  # what is known at once is told before what takes runs
    assert first.measuring
    assert (first.score, first.effects) == (whole.score, {})
    assert [part.name for part in first.query] == [part.name for part in whole.query]
    assert all(part.cut is None for part in (*first.query, *first.key))
    assert not whole.measuring
    assert all((part.cut is None) == (part.edge is None) for part in (*whole.query, *whole.key))
    assert "…" not in section.texts()
    found = query_key(reader.session(), HEAD, 4, 2)
    texts = section.texts()
    (name, share), *_ = found.query.top(1)
    assert name.partition("->")[0] in texts
    assert f"{share:+.2f}".replace("-", "−") in texts
    score = f"{found.score:+.2f}".replace("-", "−")
    assert f"weight {found.weight:.3f}, score {score}." in section.words.text()
    clean, _ = reader.expected([])
    for kind in ("zero", "knockout", "patch"):
        edit = Edit(Entries(HEAD, (2,)), kind, (4,))
        metric, _ = reader.expected([edit])
        assert change_words(metric - clean) in section.effects.text()
        reader.click(section.buttons[kind])
        reader.rest()
        assert reader.workbench.document.edits == (edit,)
        assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
        reader.wait(lambda kind=kind: section.buttons[kind].property("chosen"))
        reader.click(section.buttons[kind])
        reader.rest()
        assert reader.workbench.document.edits == ()

    # Another weight of the row takes its place; the same one again lets go of it.
    click_weight(reader, 4, 1)
    assert reader.workbench.arrow.entries == Entries(HEAD, (1,))
    click_weight(reader, 4, 1)
    assert reader.workbench.arrow is None
    assert reader.workbench.positions == ()
    assert not section.isVisible()


def test_a_click_on_a_weight_in_the_list_of_edits_chooses_it(reader: Person) -> None:
    section, listed = reader.panel("inspector").arrow, reader.panel("inputs").edits.rows
    reader.click_node(HEAD)
    for key in (1, 2):
        click_weight(reader, 4, key)
        reader.wait(section.isVisible)
        reader.click(section.buttons["zero"])
        reader.rest()
    mark = reader.workbench.presenter.canvas(()).nodes[HEAD]
    assert mark.label.startswith("2 weights: "), "not the change of the last one alone"
    reader.click_node(Node("mlp", 0))
    for row, key in ((1, 2), (0, 1)):
        reader.click(listed.viewport(), listed.visualItemRect(listed.item(row)).center())
        reader.rest()
        assert (reader.workbench.selection, reader.workbench.positions) == ((HEAD,), (4,))
        assert reader.workbench.arrow.entries == Entries(HEAD, (key,))
        assert f"(position {key}): weight" in section.words.text()
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)  # of the weight, not of its head
    assert [edit.target for edit in reader.workbench.document.edits] == [Entries(HEAD, (2,))]


def test_a_weight_that_is_all_a_head_sees_is_not_knocked_out(reader: Person) -> None:
    reader.click_node(HEAD)
    section = reader.panel("inspector").arrow
    click_weight(reader, 0, 0)
    reader.wait(section.isVisible)
    assert not section.buttons["knockout"].isEnabled()
    assert "sees nothing else from position 0" in section.buttons["knockout"].toolTip()
    reader.press(Qt.Key.Key_K, widget=reader.window.canvas)
    reader.rest()
    assert reader.workbench.document.edits == ()


def test_an_edge_into_a_weight_is_selected_by_a_click(reader: Person) -> None:
    reader.click_node(HEAD)
    section = reader.panel("inspector").arrow
    click_weight(reader, 4, 2)
    reader.wait(section.isVisible)
    found = query_key(reader.session(), HEAD, 4, 2)
    name = next(name for name, _ in found.key.top(5) if "->" in name)
    button = next(each for each in section._widgets if each.toolTip() == f"Select the edge {name}")
    reader.click(button)
    assert [target.name for target in reader.workbench.selection] == [name]
