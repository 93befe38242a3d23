"""The strip under the canvas, the edges on demand and the fill of nodes, used as a person would, against the engine."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

import wirescope as ws
from app.features.circuit.controller.circuit import traced_words
from app.messages.replies import RecoveryReply
from app.worker import service
from core.downstream import downstream
from core.evaluation.node_changes import node_changes
from core.formatting import number, share_words
from core.graph import Node
from core.models.loading import load_model
from core.project.document import Document, Source
from core.tracing.ranking import STRONGEST
from tests.app.models import CLEAN, CONTEXT
from tests.app.person import Person
from tests.app.tracing_steps import cancel_when, type_size
from views.panels.circuit.typed import parse_size


def traced(person: Person) -> Person:
    person.click(person.panel("circuit").trace)
    person.wait(lambda: person.circuit().curve is not None)
    person.rest()
    return person


def title(person: Person) -> str:
    return person.panel("circuit").title.text()


def scores(person: Person, session: ws.Session) -> ws.Scores:
    scored = person.workbench.scored
    assert scored is not None
    return ws.Scores(session.graph, scored.values, scored.method, scored.kind, direction=scored.ranking.direction)


def recovered(person: Person, size: int) -> float:
    """What the circuit of the best edges recovers, run beside the window."""
    session = person.session()
    found = scores(person, session)
    none = float(session.run_circuit(found.top(0), found.replacement).metric[0])
    whole = float(session.clean.metric[0])
    return (float(session.run_circuit(found.top(size), found.replacement).metric[0]) - none) / (whole - none)


def shown(person: Person) -> set[int]:
    return {mark.index for mark in person.window.canvas.scene.data.edges}


# ---- the slider ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_a_trace_draws_the_curve_and_keeps_what_recovers_most(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    assert "strongest" in title(person)
    traced(person)
    size = person.workbench.document.size
    assert size is not None
    assert person.workbench.history.undo_words == f"Trace: keep the best {size:,} edges"
    share = recovered(person, size)
    assert share_words(share) in title(person)
    assert share_words(abs(1 - share)) in title(person)
    session = person.session()
    curve = ws.faithfulness(session, scores(person, session))
    drawn = person.circuit().curve
    assert drawn is not None
    assert drawn.sizes == curve.sizes
    assert drawn.recovered == pytest.approx(curve.recovered, abs=1e-5)
    assert f"CPR {number(curve.cpr)}" in person.panel("circuit").track.toolTip()
    assert not person.panel("circuit").trace.isVisible()
    assert shown(person) == set(scores(person, session).top(size).edges.tolist())


def test_dragging_runs_the_circuit_under_the_handle_as_one_step(reader: Person) -> None:
    track = reader.panel("circuit").track
    before = reader.workbench.document
    y = track.height() // 2
    goals = (20, 60, 130)
    QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=QPoint(round(track.x_of(goals[0])), y))
    for goal in goals[1:]:
        QTest.mouseMove(track, QPoint(round(track.x_of(goal)), y))
        reader.rest()
        size = reader.workbench.document.size
        assert size is not None
        assert abs(size - goal) <= 3
        assert share_words(recovered(reader, size)) in title(reader)
        assert len(shown(reader)) == size
        assert reader.panel("circuit").field.text() == f"{size:,}"
    QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=QPoint(round(track.x_of(goals[-1])), y))
    reader.rest()
    assert "random" in reader.panel("circuit").note.text()
    assert "from B" in reader.panel("circuit").note.text()
    reader.choose("Edit", "Undo")
    assert reader.workbench.document == before
    assert "strongest" in title(reader)
    assert len(shown(reader)) == STRONGEST


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_a_figure_and_a_curve_of_another_ablation_are_dimmed_and_keep_its_words(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    traced(person)
    type_size(person, "60")
    panel = person.panel("circuit")
    fresh = panel.track.grab().toImage()
    seen = []

    def look() -> None:
        """At each turn: the figure of which ablation, under which words, and whether the curve is drawn as fresh."""
        data = person.circuit()
        if data.kept is not None and data.curve is not None:
            seen.append((data.kept.share, data.stale, panel.note.text(), data.curve.recovered, data.curve.stale))

    for signal in (person.workbench.history_changed, person.workbench.canvas_changed, person.workbench.working):
        signal.connect(look)
    before = person.circuit()
    person.workbench.question.set_replacement("zero")
    look()
    at_once = panel.track.grab().toImage()
    person.rest()
    look()
    after = person.circuit()
    assert before.kept.share != after.kept.share
    for share, stale, note, curve, old in seen:
        assert ("from B" in note) == (share == before.kept.share), note
        assert stale == (share == before.kept.share)
        assert old == (curve == before.curve.recovered)
    assert {entry[1] for entry in seen} == {entry[4] for entry in seen} == {True, False}
    assert at_once != fresh  # dimmed
    assert "Of an earlier state" not in panel.track.toolTip()


def test_a_curve_that_is_cancelled_says_so_and_goes_on_when_asked(person: Person, monkeypatch) -> None:
    monkeypatch.setattr("core.evaluation.measured.PART", 1)  # so that there is time to cancel
    a, b = (f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Tom"))
    person.open("bundled:names", a, b)
    button = person.panel("circuit").trace
    shares: list[float] = []
    seen: list[str] = []

    def look(words: str, share: float | None) -> None:
        if words.startswith("Running circuits of all sizes") and share is not None:
            shares.append(share)
            seen.append(button.text())

    def is_time(words: str, share: float | None) -> bool:
        return words.startswith("Running circuits of all sizes") and share is not None and share > 0.05

    person.workbench.working.connect(look)
    given_up = cancel_when(person, is_time, lambda: QTest.mouseClick(button, Qt.MouseButton.LeftButton))
    assert "Running circuits of all sizes …" in seen
    assert button.text() == "Run circuits of all sizes"
    ran = len(shares)
    person.click_node(Node("head", 1, 2))
    assert len(shares) == ran  # it does not start again by itself
    assert person.circuit().curve is None
    scored = person.workbench.scored
    person.click(button)
    person.rest()
    assert person.circuit().curve is not None
    assert min(shares[ran:]) >= given_up  # it went on from where it was
    assert (person.workbench.scored.values == scored.values).all()
    assert not button.isVisible()


def test_edges_that_recover_less_than_none_explain_nothing() -> None:
    """More than all of the behaviour cannot be unexplained; the strip's own words: `test_circuit_strip`."""
    words = traced_words(RecoveryReply(0, 12, 262, -0.38, 0.0, "eap", "zero"), Document("x"))
    assert "recover −38 %, less than with no edges at all, so they explain nothing" in words
    assert "unexplained" not in words


def test_keys_and_typing_choose_the_size(reader: Person) -> None:
    track, panel = reader.panel("circuit").track, reader.panel("circuit")
    assert reader.workbench.opened is not None
    edges = reader.workbench.opened.graph.n_edges
    type_size(reader, "40")
    track.setFocus()
    for key, size in (
        (Qt.Key.Key_Right, 42),
        (Qt.Key.Key_PageUp, 84),
        (Qt.Key.Key_PageDown, 42),
        (Qt.Key.Key_Left, 40),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_End, edges),
    ):
        reader.press(key, widget=track)
        assert reader.workbench.document.size == size
    assert "recover 100 %" in title(reader)
    type_size(reader, "10 %")
    assert reader.workbench.document.size == round(0.1 * edges)
    type_size(reader, "many")
    assert f"from 0 to {edges:,}" in title(reader)
    assert reader.workbench.document.size == round(0.1 * edges)
    QTest.keyClick(panel.field, Qt.Key.Key_Escape)
    assert panel.field.text() == f"{round(0.1 * edges):,}"
    assert "recover" in title(reader)
    reader.click(panel.overview)
    reader.rest()
    assert reader.workbench.document.size is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("214", 214), ("1,413", 1413), ("2 %", 40), ("0", 0), ("2001", None), ("", None), ("-3", None), ("101 %", None)],
)
def test_sizes_as_people_type_them(text: str, size: int | None) -> None:
    assert parse_size(text, 2000) == size


def test_a_and_b_alike_say_so_in_the_track_and_on_the_canvas(reader: Person) -> None:
    type_size(reader, "40")
    reader.type_prompt("B", CLEAN)
    panel = reader.panel("circuit")
    assert "score alike" in panel.problem.text()
    assert panel.problem.isVisible()
    assert not panel.trace.isVisible()
    assert "score alike" in reader.window.canvas.notice()
    reader.choose("Edit", "Undo")
    reader.rest()
    assert panel.problem.text() == ""
    assert reader.window.canvas.notice() == ""
    assert share_words(recovered(reader, 40)) in title(reader)


def test_an_input_that_cannot_run_is_explained_on_the_canvas(reader: Person) -> None:
    reader.type_prompt("A", "When Mary gave a drink to" + " Mary" * CONTEXT)
    assert reader.problem("A")
    assert reader.window.canvas.notice() == reader.problem("A")
    reader.type_prompt("A", CLEAN)
    assert reader.window.canvas.notice() == ""


def test_while_a_model_opens_the_canvas_says_so(person: Person, models, monkeypatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(service, "load_model", lambda name, **told: go_on.wait(30) and load_model(name, **told))
    person.workbench.models.open(Document(str(models.gpt2), Source("text", CLEAN)))
    person.wait(lambda: person.window.canvas.notice() == "Opening gpt2 …")
    go_on.set()
    person.rest()
    assert person.window.canvas.notice() == ""


# ---- edges on demand -------------------------------------------------------------------------------------------


def test_the_menu_says_how_many_of_the_selections_edges_are_shown(reader: Person) -> None:
    node = Node("head", 1, 2)
    assert reader.workbench.opened is not None
    graph = reader.workbench.opened.graph
    every = {i for i, e in enumerate(graph.edges) if e.writer == node or node in graph.readers_of(e.reader)}
    reader.choose("View/Edges of the Selection", "Top 6")
    reader.click_node(node)
    few = shown(reader) & every
    data = reader.window.canvas.scene.data
    assert (data.weaker, data.weaker_of) == (len(every) - len(few), "a1.h2")
    assert f"{data.weaker:,} weaker of a1.h2 not shown" in reader.window.canvas.accessibleDescription()
    assert reader.workbench.scored is not None
    size = np.abs(reader.workbench.scored.values)
    for side in (
        graph.edges_out_of(node),
        np.concatenate([list(graph.edges_into(port)) for port in graph.ports(node)]),
    ):
        strongest = side[np.argsort(-size[side], kind="stable")[:6]]
        assert set(strongest.tolist()) <= few
    reader.choose("View/Edges of the Selection", "All")
    assert every <= shown(reader)
    assert reader.window.canvas.scene.data.weaker == 0
    type_size(reader, "30")
    reader.choose("View/Edges of the Selection", "As Strong")
    threshold = np.sort(reader.workbench.direction * reader.workbench.scored.values)[-30]
    assert shown(reader) & every == {index for index in every if size[index] >= threshold}


def test_the_count_opens_the_menu(reader: Person) -> None:
    reader.click(reader.window.canvas, QPoint(30, 20))
    menu = reader.window.menus["around"]
    reader.wait(menu.isVisible)
    menu.close()


# ---- what an edit changes downstream ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_nodes_downstream_of_an_edit_are_filled_by_their_measured_change(request, who: str) -> None:
    person: Person = request.getfixturevalue(who)
    assert person.window.canvas.scene.data.changes is None
    person.click_node(Node("head", 0, 1))
    person.press(Qt.Key.Key_X, widget=person.window.canvas)
    changes = person.window.canvas.scene.data.changes
    assert changes is not None
    assert changes.values is not None
    session = person.session()
    reached = downstream(session.graph, [Node("head", 0, 1)])
    assert (changes.reached == reached).all()
    expected = node_changes(session, person.workbench.document.edits)
    assert changes.values == pytest.approx(expected, rel=1e-5, abs=1e-9)
    assert not person.window.canvas.scene.shade(Node("head", 0, 0))
    later = Node("mlp", 1)
    number = session.graph.writer_index(later)
    assert person.window.canvas.scene.shade(later) == max(round(8 * min(expected[number], 1.0) ** 0.5), 1)
    assert f"changed by {100 * expected[number]:.1f} %" in person.tip(later)
    person.choose("View", "Colour Nodes")
    assert person.window.canvas.scene.data.changes is None
    person.choose("View", "Colour Nodes")
    assert person.window.canvas.scene.data.changes is not None
    person.press(Qt.Key.Key_X, widget=person.window.canvas)
    assert person.window.canvas.scene.data.changes is None


def test_the_curve_goes_on_where_it_was_when_something_else_is_asked(person: Person, monkeypatch) -> None:
    monkeypatch.setattr("core.evaluation.measured.PART", 1)  # so that there is time to ask something
    a, b = (f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Tom"))
    person.open("bundled:names", a, b)
    before: list[float] = []
    after: list[float] = []

    def look(words: str, fraction: float | None) -> None:
        if words.startswith("Running circuits of all sizes") and fraction is not None:
            (after if person.workbench.selection else before).append(fraction)
            if fraction > 0.05 and not person.workbench.selection:
                person.workbench.select((Node("head", 1, 2),))  # what a click on it does

    person.workbench.working.connect(look)
    traced(person)
    assert person.workbench.selection
    assert after
    assert min(after) >= max(before)  # nothing of it was run again
    session = person.session()
    curve = ws.faithfulness(session, scores(person, session))
    assert person.circuit().curve.recovered == pytest.approx(curve.recovered, abs=1e-4)
