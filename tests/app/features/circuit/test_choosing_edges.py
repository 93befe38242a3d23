"""How edges are chosen: the list beside their number, and all that the window then says and shows of the circuit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import wirescope as ws
from app.presenters.exported_circuit import circuit_text
from core.evaluation.measured import measure
from core.formatting import share_words
from core.tracing.selection import RULES
from tests.app.person import Person
from tests.app.tracing_steps import ROWS as PAIRS
from tests.app.tracing_steps import dataset, over_dataset, paste, trace


def choose_rule(person: Person, name: str) -> None:
    """As a person does: opens the list, and clicks a line of it."""
    field = person.panel("circuit").rule
    field.showPopup()
    view = field.view()
    place: QRect = view.visualRect(field.model().index(field.findData(name), 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
    person.rest()
    field.hidePopup()
    person.rest()


def line(person: Person, name: str) -> tuple[bool, str]:
    """Whether a rule can be chosen, and its tip."""
    field = person.panel("circuit").rule
    place = field.findData(name)
    return field.model().item(place).isEnabled(), str(field.itemData(place, Qt.ItemDataRole.ToolTipRole))


def keep(person: Person, size: int) -> None:
    field = person.panel("circuit").field
    person.click(field)
    field.selectAll()
    QTest.keyClicks(field, str(size))
    QTest.keyClick(field, Qt.Key.Key_Return)
    person.rest()


def traced(person: Person, rows: ws.Dataset | None = None) -> ws.Scores:
    scored = person.workbench.scored
    return ws.trace(person.session(), scored.method, replacement=scored.kind, dataset=rows)


@pytest.fixture
def keeper(reader: Person) -> Person:
    """With a trace, and a circuit of 30 edges."""
    trace(reader)
    keep(reader, 30)
    return reader


def test_the_circuit_is_chosen_by_the_rule_everywhere(keeper: Person) -> None:
    scores, window = traced(keeper), keeper.window
    expected = set(scores.select(30, "greedy").edges.tolist())
    assert expected != set(scores.top(30).edges.tolist()), "else this tells nothing"
    choose_rule(keeper, "greedy")
    assert window.panels["circuit"].rule.currentText() == RULES["greedy"].title
    drawn = {mark.index for mark in window.canvas.scene.data.edges}
    assert expected <= drawn
    share = float(measure(keeper.session(), [scores.select(30, "greedy")], scores.replacement).recovered()[0])
    assert f"recover {share_words(share)}" in window.panels["circuit"].words()[0][0]
    subject = keeper.workbench.presenter.subject()
    assert "30 of" in subject.circuit
    assert "chosen from the output down" in subject.circuit
    assert "chosen from the output down" in subject.recovered_words
    snapshot = keeper.workbench.presenter.snapshot()
    assert snapshot is not None
    assert "chosen from the output down" in " ".join(snapshot.caption().lines)
    content = json.loads(circuit_text(snapshot))
    assert content["chosen by"] == content["about"]["chosen by"] == "greedy"
    assert {ws_index(keeper, row["edge"]) for row in content["edges"]} == expected
    assert keeper.workbench.history.undo_words == "Choose edges: From the output down"
    keeper.choose("Edit", "Undo")
    assert window.panels["circuit"].rule.currentText() == RULES["top"].title
    assert "chosen" not in keeper.workbench.presenter.subject().circuit


def test_a_balance_is_measured_when_it_is_chosen(keeper: Person) -> None:
    scores = ws.with_balance(keeper.session(), traced(keeper))
    expected = set(scores.select(30, "balance").edges.tolist())
    choose_rule(keeper, "balance")
    assert keeper.workbench.scored.rule == "balance"
    assert set(keeper.workbench.scored.ranking.kept(30).tolist()) == expected
    assert "chosen in a measured balance" in keeper.workbench.presenter.subject().circuit


def ws_index(person: Person, name: str) -> int:
    return person.workbench.opened.graph.index(name)


def test_what_cannot_choose_is_grey_and_says_why(keeper: Person) -> None:
    assert line(keeper, "top")[0]
    assert line(keeper, "greedy")[0]
    possible, tip = line(keeper, "consensus")
    assert not possible
    assert "needs the scores of each pair" in tip
    possible, tip = line(keeper, "program")
    assert not possible
    assert "--select program" in tip
    choose_rule(keeper, "consensus")
    assert keeper.workbench.document.rule == "top", "a click on a grey line chooses nothing"


def test_over_a_dataset_sure_signs_are_found_out(reader: Person) -> None:
    paste(reader, PAIRS)
    over_dataset(reader)
    trace(reader)
    reader.rest()
    keep(reader, 30)
    assert line(reader, "consensus")[0]
    choose_rule(reader, "consensus")
    rows = dataset(reader)
    sure = ws.with_agreement(reader.session(), traced(reader, rows), rows)
    assert reader.workbench.scored.rule == "consensus"
    shown = reader.workbench.scored.ranking.kept(30)
    assert len(np.setdiff1d(shown, sure.select(30, "consensus").edges)) <= 1, "but for rounding"
    assert "chosen with sure signs first" in reader.workbench.presenter.subject().circuit
    QApplication.processEvents()
