"""Stories of a language model: a wire is cut, an induction head is found, a circuit is kept, a cut at one token alone;
each from the welcome page to a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

import wirescope as ws
from core.edits import Edit
from core.formatting import change_words, pretty_name, share_words
from core.graph import Node
from core.interchange.circuit_json import from_json
from core.lens.attention import attention_pattern
from tests.app.features.canvas.test_positions import click_place, clickable, go_to_tokens, unfolded
from tests.app.features.find.test_find import bar, look_for
from tests.app.features.inspector.test_inspecting import hover
from tests.app.person import Person
from tests.app.stories.steps import begin, drag, export, metric, says, svg_words
from views.canvas.positions.data import Move, Spot


def test_the_strongest_wire_is_cut_and_the_answer_changes(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "Who gets the drink?")
    assert person.predictions()[0][0] == "Mary"
    (index,) = person.strong_edges()
    person.click_edge(index)
    edge = person.edge(index)
    session = person.session()
    before, after = (float(session.run(edits).metric[0]) for edits in ([], [Edit(edge, "patch")]))
    assert says(person.effects()["measured"], after - before)  # before anything is done
    person.press(Qt.Key.Key_X)

    # On the screen: the metric, its change, the predictions, the broken wire.
    assert says(metric(person), after)
    panel = person.panel("predictions")
    assert change_words(after - before) in panel.metric_change.text()
    chances = session.run([Edit(edge, "patch")]).answer[0].softmax(-1)
    for row in panel.table.rows:
        assert row.after == pytest.approx(float(chances[session.model.answer(row.label)]), abs=1e-5)
    assert person.edits() == [f"{pretty_name(edge.name)} from B"]
    assert change_words(after - before) in person.tip(edge)

    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "cut.svg"))
    assert f"{edge.name} from B" in words
    assert f"{before:.3f} before, {after:.3f} after ({change_words(after - before)})" in words
    assert "patched from B" in words


def test_the_head_that_reads_the_next_token_is_found_and_taken_out(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "The sequence comes again")
    labels = [label.strip() for label in person.workbench.ready.labels]
    assert labels.index("music") == 3  # after the first “seven”; the last token is the second one
    found = look_for(person, "reads music")
    session = person.session()
    run = session.run(positions="all")
    shares = {
        f"a{layer}.h{head}": float(attention_pattern(run, layer, head)[-1, 3])
        for layer in range(session.graph.layers)
        for head in range(session.graph.heads)
    }
    best = max(shares, key=lambda name: shares[name])
    assert shares[best] > 0.3, "this model has an induction head"
    assert found[0] == (best, f"attends {shares[best]:.2f}")
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Escape):
        QTest.keyClick(bar(person).field, key)
    person.rest()
    head = Node("head", int(best[1]), int(best.split("h")[1]))
    assert person.window.canvas.selection() == (head,)

    # Its attention, as the inspector draws it.
    section = person.panel("inspector").attention
    hover(section.matrix, section.matrix.cell_rect(len(labels) - 1, 3).center())
    assert section.line.text() == f"“seven” reads “music”: {shares[best]:.3f}"

    person.click(person.panel("inspector").edits.buttons["zero"])
    person.rest()
    after = float(session.run([Edit(head, "zero")]).metric[0])
    assert says(metric(person), after)
    assert says(person.effects()["measured"], after - float(session.clean.metric[0]))
    content = export(person, monkeypatch, "Figure", tmp_path / "induction.pdf")
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert len(content) > 5000


def test_a_circuit_is_traced_kept_and_handed_on(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "Who gets the drink?")
    person.click(person.window.top_bar.trace)
    person.wait(lambda: person.circuit().curve is not None)
    person.rest()
    panel, track = person.panel("circuit"), person.panel("circuit").track
    middle = track.height() // 2
    start, *way = (QPoint(round(track.x_of(size)), middle) for size in (30, 90, 200))
    drag(track, start, *way)
    person.rest()
    size = person.workbench.document.size
    assert abs(size - 200) <= 8
    assert panel.field.text() == str(size)

    # What is said to be recovered is what a circuit of just these edges recovers.
    session = person.session()
    scored = person.workbench.scored
    scores = ws.Scores(session.graph, scored.values, scored.method, scored.kind, direction=scored.ranking.direction)
    circuit = scores.top(size)
    none, kept, whole = (
        float(run.metric[0])
        for run in (session.run_circuit(scores.top(0), "patch"), session.run_circuit(circuit, "patch"), session.clean)
    )
    assert share_words((kept - none) / (whole - none)) in panel.title.text()
    assert f"{size} of {session.graph.n_edges:,} edges" in person.window.canvas.accessibleDescription()

    text = export(person, monkeypatch, "Circuit as JSON", tmp_path / "circuit.json").decode()
    read = from_json(text)
    assert set(read.edges.tolist()) == set(circuit.edges.tolist())
    assert read.values == pytest.approx(np.sort(circuit.values)[::-1], abs=1e-6)
    assert float(session.run_circuit(read, "patch").metric[0]) == pytest.approx(kept, abs=1e-5)
    person.choose("Edit", "Undo")  # the drag is one step
    assert person.workbench.history.redo_words.startswith("Keep")


def test_a_head_is_cut_at_one_token_on_the_second_level(person: Person, tmp_path: Path, monkeypatch) -> None:
    begin(person, "Who gets the drink?")
    data = go_to_tokens(person)
    texts = [column.text for column in data.columns]
    assert texts[:4] == ["When", "Mary", "and", "John"]
    last = data.columns[-1].positions
    move = clickable(person, Move, goal=last)
    click_place(person, Spot(move.head, last))
    person.press(Qt.Key.Key_X, widget=person.panel("canvas").positions)
    data = unfolded(person)
    session = person.session()
    here = float(session.run([Edit(move.head, "patch", last)]).metric[0])
    everywhere = float(session.run([Edit(move.head, "patch")]).metric[0])
    assert person.workbench.ran.after == pytest.approx(here, abs=1e-4)
    assert says(metric(person), here)
    assert person.edits() == [f"{move.head.name} from B at “to”"]

    # One position of this head alone: what it does elsewhere is the difference.
    person.press(Qt.Key.Key_X, widget=person.panel("canvas").positions)
    assert says(metric(person), float(session.clean.metric[0]))
    person.choose("Edit", "Pick No Tokens")
    person.click(person.panel("canvas").buttons["components"])
    person.click_node(move.head)
    person.press(Qt.Key.Key_X)
    assert says(metric(person), everywhere)
    for _ in range(2):
        person.choose("Edit", "Undo")

    person.choose("View", "Unfold over Tokens")
    data = unfolded(person)
    words = svg_words(export(person, monkeypatch, "Figure", tmp_path / "tokens.svg"))
    assert f"{len(data.links)} of {data.links_in_all:,} links" in words
    assert f"{move.head.name} from B at “to”" in words
    assert f"{here:.3f} after" in words
    for text in texts:
        assert text in words
