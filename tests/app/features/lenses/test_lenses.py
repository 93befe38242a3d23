"""The inspector's lenses on weights and inputs: attention by what it moves, what a head pushes, attribution per token
and the tint of card A; what makes up for an edit."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import wirescope as ws
from core.formatting import change_words, signed
from core.graph import Node
from resources.samples.make import FOLDER
from tests.app.person import Person

PROMPT = "When Mary and John met, John gave a book to"
HEAD = Node("head", 2, 1)


@pytest.fixture
def opened(person: Person) -> Person:
    person.open("bundled:names", PROMPT, "When Mary and John met, Tom gave a book to")
    return person


def test_a_head_is_read_by_what_it_moves_and_by_what_it_pushes(opened: Person) -> None:
    panel, workbench = opened.panel("inspector"), opened.workbench
    workbench.select((HEAD,))
    opened.rest()
    session = opened.session()
    result = session.run(positions="all")
    plain = ws.attention_pattern(result, 2, 1)
    assert np.allclose(panel.attention.matrix.weights(), plain, atol=1e-6)
    opened.click(panel.attention.by_value)
    opened.rest()
    moved = ws.value_weighted_attention(result, 2, 1)
    assert np.allclose(panel.attention.matrix.weights(), moved / moved.sum(axis=1, keepdims=True), atol=1e-6)
    assert "length of what it moves" in panel.attention.why.text()
    opened.click(panel.attention.by_value)
    assert np.allclose(panel.attention.matrix.weights(), plain, atol=1e-6)

    source = int(plain[-1].argmax())
    there = ws.head_promotes(result, HEAD, source, count=4)
    section = panel.pushed
    assert section.rows.row_texts()[0][1] == signed(there.most[0].value)
    assert f"(position {source})" in section.words.text()
    opened.click(section.switch)
    alone = ws.head_promotes(result, HEAD, token=int(session.pair.clean.tensor[0, source]), count=4)
    assert section.rows.row_texts()[0][1] == signed(alone.most[0].value)
    section.field.setFocus()
    QTest.keyClicks(section.field, " John")
    QTest.keyClick(section.field, Qt.Key.Key_Return)
    opened.rest()
    typed = ws.head_promotes(result, HEAD, token=" John", count=4)
    assert section.rows.row_texts()[0][1] == signed(typed.most[0].value)
    assert "John" in section.words.text()
    section.field.clear()
    QTest.keyClicks(section.field, "notonetoken at all")
    QTest.keyClick(section.field, Qt.Key.Key_Return)
    opened.rest()
    assert section.why.text()  # in words, and nothing is lost
    workbench.select((Node("mlp", 0),))
    opened.rest()
    assert not section.isVisible()


def test_tokens_are_attributed_measured_and_tint_card_a(opened: Person) -> None:
    panel, workbench, card = opened.panel("inspector"), opened.workbench, opened.card("A")
    assert card.chips.tint() == ()  # off at first
    workbench.select((Node("input"),))
    opened.rest()
    session = opened.session()
    expected = ws.token_attribution(session, "patch", steps=10, measured=True)
    shown = [change_words(value) for value in expected.estimated]
    assert [text for _, text in panel.tokens.rows.row_texts()] == shown[: len(panel.tokens.rows.row_texts())]
    assert f"replacing all of it does {change_words(expected.total)}" in panel.tokens.words.text()
    opened.click(panel.tokens.measure)
    opened.rest()
    assert panel.tokens.rows.row_texts()[0][1].startswith(change_words(expected.measured[0]))
    opened.window.commands["tint_inputs"].trigger()
    opened.rest()
    largest = np.abs(expected.measured).max()
    assert np.allclose(np.abs(card.chips.tint()), np.abs(expected.measured) / largest, atol=1e-5)
    assert card.legend.text() == "blue: towards A · orange: away"
    assert "What replacing each token does" in card.legend.toolTip()
    turned = int(np.abs(expected.measured).argmax())
    assert card.chips.tint()[turned] == -1  # replacing it leads away from A
    opened.window.commands["tint_inputs"].trigger()
    opened.rest()
    assert card.chips.tint() == ()
    assert not card.legend.isVisible()


def test_patches_of_a_picture_are_tinted(person: Person) -> None:
    person.open("bundled:shapes", FOLDER / "shapes" / "circle.png")
    person.window.commands["tint_inputs"].trigger()
    person.rest()
    card, session = person.card("A"), person.session()
    assert "What replacing each patch does" in card.legend.toolTip()
    expected = np.abs(ws.token_attribution(session, "zero", steps=10).estimated[session.pair.prefix :])
    assert card.picture._weights == pytest.approx(expected / expected.max(), abs=1e-4)


def test_backups_are_cut_together_on_request(opened: Person) -> None:
    panel, workbench = opened.panel("inspector"), opened.workbench
    workbench.select((HEAD,))
    opened.click(panel.edits.buttons["zero"])
    opened.rest()
    session, edit = opened.session(), ws.Edit(HEAD, "zero")
    found = ws.self_repair(session, session.clean, session.run([edit]), HEAD)
    assert found.repairs
    assert f"scale alone: {signed(found.norm)}" in panel.repair.norm.text()
    opened.click(panel.repair.cut)
    opened.rest()
    sets = ws.backup_effects(session, [edit], [row.node for row in found.repairs], "patch")
    assert f"by {signed(sets.after.joint)}, one by one by {signed(sets.after.summed)}" in panel.repair.sets.text()
    assert not panel.repair.cut.isVisible()
    opened.click(panel.edits.buttons["zero"])  # restored
    opened.rest()
    assert not panel.repair.isVisible()
