"""Nodes, and nodes at positions, traced from the window and coloured by their scores."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

import wirescope as ws
from app.features.tracing.queries import NodeScoresReply
from core.formatting import change_words
from core.tracing.method import METHODS
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, choose, over_dataset, paste, score, trace, trace_until_given_up
from views.canvas.positions.words import place_tip
from views.canvas.scene import SHADES


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_nodes_that_were_traced_are_coloured_by_their_scores(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    score(person, "nodes")
    assert person.window.canvas.scene.data.scores is None  # nothing is scored before T
    trace(person)
    expected = ws.trace(person.session(), "eap-ig", level="nodes")
    assert expected.direction is not None
    scene = person.window.canvas.scene
    assert scene.data.scores.values[:-1] == pytest.approx(expected.values, abs=1e-5)
    graph = scene.data.graph
    best = int(np.argmax(np.abs(expected.values)))
    assert abs(scene.score_shade(graph.writers[best])) == SHADES
    for node, value in zip(graph.writers, expected.values, strict=True):
        assert scene.score_shade(node) * value * expected.direction >= 0  # blue: towards A
    node = graph.writers[best]
    assert f"change {change_words(-expected.values[best])} estimated" in person.tip(node)
    assert f"{node.name} {change_words(expected.values[best])}" in person.message()
    assert "estimated" in person.message()
    assert person.workbench.scored.method == "eap"  # the edges keep their own estimates
    person.choose("Edit", "Undo")
    assert person.window.canvas.scene.data.scores is None
    person.choose("Edit", "Redo")
    assert person.window.canvas.scene.score_shade(node)


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_nodes_at_positions_are_coloured_where_the_circuit_is_unfolded(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    choose(person, "exact-scan")
    score(person, "positions")
    trace(person)
    traced = ws.trace(person.session(), "exact-scan", level="positions")
    expected, direction = traced.values, traced.direction
    assert direction is not None
    person.press(Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier, widget=person.window.canvas)
    person.wait(lambda: person.panel("canvas").positions.scene.data.columns)
    person.rest()
    data = person.panel("canvas").positions.scene.data
    assert data.scored == "measured"
    scored = {spot: mark.score for spot, mark in data.spots.items() if mark.score is not None}
    assert len(scored) > 5
    graph = person.workbench.opened.graph
    for spot, value in scored.items():
        (position,) = spot.positions
        assert value == pytest.approx(expected[graph.writer_index(spot.node), position], abs=1e-5)
        assert person.panel("canvas").positions.scene.score_shades[spot] * value * direction >= 0
    strongest = max(scored, key=lambda spot: abs(scored[spot]))
    assert f"change {change_words(-scored[strongest])} measured" in place_tip(
        person.panel("canvas").positions.scene, strongest
    )


def test_a_level_that_a_method_has_not_cannot_be_chosen_and_says_so(reader: Person) -> None:
    menu = reader.window.top_bar.method_menu
    score(reader, "positions")
    without = next(name for name, method in METHODS.items() if "positions" not in method.levels)
    choose(reader, without)
    assert not menu.levels["positions"].isEnabled()
    assert f"not by {METHODS[without].title}" in menu.levels["positions"].text()
    assert menu.levels["edges"].isChecked()  # the method scores what it can


def test_positions_over_inputs_of_several_lengths_are_refused_in_words(reader: Person) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    score(reader, "positions")
    trace(reader)
    assert "different lengths" in reader.message()
    assert reader.window.canvas.scene.data.scores is None
    assert not reader.workbench.busy


def test_a_trace_of_nodes_that_is_cancelled_is_marked_as_partial(reader: Person, monkeypatch) -> None:
    choose(reader, "exact-scan")
    score(reader, "positions")
    monkeypatch.setattr("app.features.tracing.handlers.node_scores.EVERY", 0.0)
    monkeypatch.setattr("core.engine.batched_edits.POSITIONS", 40)
    trace_until_given_up(reader, after=lambda answer: isinstance(answer, NodeScoresReply) and answer.goes_on)
    assert "partial: " in reader.message()
    known = np.isfinite(reader.window.canvas.scene.data.scores.at)
    assert 0.2 < known.mean() < 1
    trace(reader)
    assert "partial" not in reader.message()
    expected = ws.trace(reader.session(), "exact-scan", level="positions").values
    assert reader.window.canvas.scene.data.scores.at == pytest.approx(expected, abs=1e-5)
