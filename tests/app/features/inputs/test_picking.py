"""Positions picked on the cards: edits made meanwhile are at these tokens, or in this region of the picture, alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from core.edits import Edit
from core.graph import Node
from tests.app.person import Person

MARY, GAVE = 1, 2


def click_token(person: Person, letter: str, index: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    chips = person.card(letter).chips
    person.click(chips, chips.chip_rect(index).center().toPoint(), modifier)
    person.rest()


def test_an_edit_is_at_the_picked_token_only_and_says_so(reader: Person) -> None:
    head = Node("head", 1, 2)
    click_token(reader, "A", MARY)
    assert reader.workbench.positions == (MARY,)
    assert reader.card("B").chips.picked() == (MARY,)  # the same position of both
    assert reader.panel("inputs").where_words.text() == "“Mary” picked: new edits are there only"
    reader.click_node(head)
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)

    metric, _ = reader.expected([Edit(head, "patch", [MARY])])
    everywhere, _ = reader.expected([Edit(head, "patch")])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    assert reader.workbench.ran.after != pytest.approx(everywhere, abs=1e-7)
    assert reader.edits() == ["a1.h2 from B at “Mary”"]
    assert reader.workbench.history.undo_words == "Cut a1.h2 at “Mary” (from B)"

    # Another one at two other tokens, beside the first.
    click_token(reader, "B", GAVE)
    click_token(reader, "A", GAVE + 1, Qt.KeyboardModifier.ShiftModifier)
    reader.press(Qt.Key.Key_X, widget=reader.window.canvas)
    metric, _ = reader.expected([Edit(head, "patch", [MARY]), Edit(head, "patch", [GAVE, GAVE + 1])])
    assert reader.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    assert reader.edits()[1] == "a1.h2 from B at 2 positions"

    reader.press(Qt.Key.Key_Escape, widget=reader.card("A").chips)
    assert reader.workbench.positions == ()
    assert not reader.panel("inputs").where.isVisible()
    reader.choose("Edit", "Undo")
    assert reader.edits() == ["a1.h2 from B at “Mary”"]


def test_a_new_a_is_picked_from_anew(reader: Person) -> None:
    click_token(reader, "A", MARY)
    reader.type_prompt("A", "When Tom gave a drink to")
    assert reader.workbench.positions == ()
    assert reader.card("A").chips.picked() == ()
    click_token(reader, "A", MARY)
    reader.click(reader.panel("inputs").where_clear)
    assert reader.workbench.positions == ()


def test_a_brushed_region_of_a_picture_is_one_place(viewer: Person) -> None:
    picture = viewer.card("A").picture
    viewer.click(picture, picture.patch_rect(5).center().toPoint())
    viewer.click(picture, picture.patch_rect(6).center().toPoint(), Qt.KeyboardModifier.ShiftModifier)
    viewer.rest()
    assert viewer.workbench.positions == (6, 7)  # after the class token
    assert viewer.card("B").picture.picked() == (5, 6)
    assert viewer.panel("inputs").where_words.text() == "2 patches picked: new edits are there only"
    mlp = Node("mlp", 0)
    viewer.click_node(mlp)
    viewer.press(Qt.Key.Key_X, widget=viewer.window.canvas)
    metric, _ = viewer.expected([Edit(mlp, "patch", [6, 7])])
    assert viewer.workbench.ran.after == pytest.approx(metric, abs=1e-5)
    viewer.choose("Edit", "Pick No Tokens")
    assert viewer.workbench.positions == ()
    assert picture.picked() == ()
