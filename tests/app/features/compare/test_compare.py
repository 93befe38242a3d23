"""Two circuits on one layout: opened from two runs or with a file, run on each other's inputs, closed, exported."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from app.features.compare import controller as compare_controller
from app.features.compare.handlers import is_local
from app.features.compare.presenter import differences_of, edges_csv
from app.messages.compared import Compared
from app.presenters.exported_circuit import circuit_text
from core.circuit import Circuit, circuit_of
from core.edits import Edit
from core.evaluation.circuit_overlap import circuit_overlap
from core.evaluation.measured import measure
from core.formatting import share_words
from core.graph import Graph, Node
from core.metrics import logit_difference
from core.models.loading import load_model
from core.project.document import Document, Source
from core.session import Session
from tests.app.features.runs.test_runs import click, lines, trace
from tests.app.models import CLEAN, COUNTERFACTUAL, SAVERS
from tests.app.person import Person

OTHER = CLEAN.replace(" a ", " the "), COUNTERFACTUAL.replace(" a ", " the ")


def recovers(path: Path, pair: tuple[str, str], edges: np.ndarray) -> float:
    """By the public API, on a model that is loaded anew."""
    model = load_model(path)
    session = Session(model, model.pair(*pair), logit_difference(" Mary", " John"))
    return float(measure(session, [Circuit(session.graph, edges).pruned()], "patch").recovered()[0])


def compared(person: Person) -> None:
    panel = person.panel("compare")
    person.wait(lambda: panel.data() is not None and panel.data().columns and panel.waiting.isHidden())
    person.rest()


def test_two_runs_on_one_layout(
    reader: Person, models: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace(reader, "eap-ig")
    document = reader.workbench.document
    for letter, words in zip("AB", OTHER, strict=True):
        reader.type_prompt(letter, words)
    trace(reader, "eap")
    reader.press(Qt.Key.Key_F12, widget=reader.window)
    reader.wait(lambda: len(lines(reader)) == 2)
    runs, panel = reader.panel("runs"), reader.panel("compare")
    click(reader, 0)
    assert not runs.buttons["compare"].isEnabled()
    click(reader, 1, Qt.KeyboardModifier.ControlModifier)
    reader.click(runs.buttons["compare"])
    compared(reader)
    assert reader.window.centre.currentWidget() is panel

    # what is where
    first, second = (run.record.circuit for run in reader.workbench.runs)
    a, b = set(first.edges.tolist()), set(second.edges.tolist())
    data = panel.data()
    assert set(data.both.tolist()) == a & b
    assert set(data.only_first.tolist()) == a - b
    assert data.jaccard == len(a & b) / len(a | b)
    assert f"{data.jaccard:.2f}" in panel.overlap.text()
    assert f"in both: {len(a & b):,}" in panel.entries["both"].text()

    # each on the other's inputs, as the public API has it
    texts = panel.recovered.texts()
    for pair, title in (((CLEAN, COUNTERFACTUAL), "on the first's inputs"), (OTHER, "on the second's inputs")):
        (column,) = (each for each in data.columns if each.title == title)
        assert title in texts
        expected = [share_words(recovers(models.gpt2, pair, each.edges)) for each in (first, second)]
        assert [column.first, column.second] == expected
        assert set(expected) <= set(texts)

    # what a person points at says where it is
    canvas = panel.canvas
    canvas.settle()
    edge = reader.workbench.opened.graph.edge(int(data.both[0]))
    places = [each.names.index(edge.name) + 1 for each in (first, second)]
    assert f"in both (number {places[0]:,} of the first, number {places[1]:,} of the second)" in canvas.tip(edge)
    alone = reader.workbench.opened.graph.edge(int(data.only_first[0]))
    assert "only in the first (number " in canvas.tip(alone)

    # a figure, and the edges as a table
    for ending, start in ((".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")):
        target = tmp_path / f"both{ending}"
        monkeypatch.setattr(compare_controller, "ask_save", lambda *_, target=target: (str(target), ""))
        reader.click(panel.export)
        assert target.read_bytes().startswith(start)
        assert target.stat().st_size > 5000
    assert "only in the first" in (tmp_path / "both.svg").read_text(encoding="utf-8")
    target = tmp_path / "both.csv"
    monkeypatch.setattr(compare_controller, "ask_save", lambda *_: (str(target), ""))
    reader.click(panel.export)
    head, *table = target.read_text(encoding="utf-8").splitlines()
    assert head.startswith("# The first: ")
    for column in data.columns:
        assert f"Recovered {column.title}: {column.first} by the first, {column.second} by the second" in head
    rows = list(csv.DictReader(table))
    assert {row["edge"] for row in rows if row["in"] == "both"} == {
        reader.workbench.opened.graph.edge(edge).name for edge in a & b
    }

    # closed, and what was there is there
    reader.press(Qt.Key.Key_Escape, widget=canvas)
    assert reader.window.centre.currentWidget() is not panel
    assert reader.window.canvas.isVisible()
    assert reader.workbench.document != document


def test_with_a_file(reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = reader.panel("compare")
    assert not reader.window.commands["compare_circuit"].isEnabled()
    trace(reader, "eap-ig")
    path = tmp_path / "before.json"
    path.write_text(circuit_text(reader.workbench.presenter.snapshot()), encoding="utf-8")
    former = reader.workbench.presenter.snapshot().scored.ranking.kept(reader.workbench.document.size)
    reader.workbench.commit("Keep 5", replace(reader.workbench.document, size=5))
    reader.rest()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    reader.choose("File", "Compare with a Circuit")
    compared(reader)
    data = panel.data()
    assert (len(data.both), len(data.only_first), len(data.only_second)) == (5, 0, len(former) - 5)
    assert data.names[1].startswith("before.json")
    assert [column.title for column in data.columns] == ["on the inputs of both"]
    assert data.columns[0].problem == ""
    reader.click(panel.close_button)
    assert reader.window.canvas.isVisible()

    # an EAP-IG file says nothing of its inputs: only those that are known are run on
    content = json.loads(path.read_text(encoding="utf-8"))
    for key in [key for key in content if key not in ("format", "version", "graph", "edges", "about")]:
        del content[key]
    content["about"] = {"pairs": "²"}  # a digit that is no number
    path.write_text(json.dumps(content), encoding="utf-8")
    reader.choose("File", "Compare with a Circuit")
    compared(reader)
    assert [column.title for column in panel.data().columns] == ["on the first's inputs"]
    assert "does not say what its inputs were" in panel.notes.text()

    # what cannot be read is spoken of, and what is shown stays
    path.write_text("{", encoding="utf-8")
    reader.choose("File", "Compare with a Circuit")
    assert "before.json" in reader.dismiss()
    assert panel.data().names[1].startswith("before.json")
    assert reader.window.centre.currentWidget() is panel


def test_two_models_of_one_shape(reader: Person, models: SimpleNamespace, tmp_path: Path) -> None:
    other = tmp_path / "tuned"
    SAVERS["gpt2"](other)
    changed = load_model(other).adapter.module
    with torch.no_grad():
        for weight in changed.parameters():
            weight.mul_(1.1)
    changed.save_pretrained(other)
    trace(reader, "eap")
    reader.open(other, CLEAN, COUNTERFACTUAL, reader.workbench.document.metric)
    trace(reader, "eap")
    first, second = list(reader.workbench.runs)
    reader.controller("runs").compare(0, 1)
    compared(reader)
    data = reader.panel("compare").data()
    assert "different models: gpt2 and tuned" in reader.panel("compare").notes.text()
    for column, path in zip(data.columns, (models.gpt2, other), strict=True):
        expected = [
            share_words(recovers(path, (CLEAN, COUNTERFACTUAL), run.record.circuit.edges)) for run in (first, second)
        ]
        assert [column.first, column.second] == expected
    assert reader.workbench.document.model == str(other)  # the one at work stays
    reader.open(models.gpt2, CLEAN)  # another document takes the canvas
    assert reader.window.centre.currentWidget() is not reader.panel("compare")

    # other weights under the same name are not those that the circuit is of
    with torch.no_grad():
        next(changed.parameters()).mul_(2)
    changed.save_pretrained(other)
    reader.controller("runs").compare(0, 1)
    compared(reader)
    columns = reader.panel("compare").data().columns
    assert columns[0].problem == ""
    assert "other weights" in columns[1].problem


def test_no_file_has_a_model_fetched(tmp_path: Path) -> None:
    assert is_local("bundled:names")
    assert is_local(f"vision:{tmp_path}")
    assert not is_local("somebody/model")
    assert not is_local("")


def test_circuits_of_other_shapes_are_refused(reader: Person) -> None:
    one = Compared("one", Circuit(Graph(2, 2, 2), np.arange(3)))
    other = Compared("other", Circuit(Graph(3, 2, 2), np.arange(3)))
    reader.workbench.runs.comparison_wanted.emit(one, other)
    assert "another model" in reader.dismiss()
    assert reader.window.canvas.isVisible()


def test_without_a_model_and_cancelled(person: Person) -> None:
    one, other = (
        Compared(name, Circuit(Graph(2, 2, 2), np.arange(count)), Document("m", Source("text", "A")))
        for name, count in (("one", 3), ("other", 5))
    )
    panel = person.panel("compare")
    person.workbench.runs.comparison_wanted.emit(one, other)
    assert panel.isVisible()
    assert panel.entries["both"].text().startswith("in both: 3")
    assert "when a model is open" in panel.waiting.text()
    person.workbench.given_up.emit(False)
    assert panel.waiting.text().startswith("Cancelled")
    assert panel.recovered.texts() == [""]
    person.click(panel.close_button)
    assert not panel.isVisible()


def test_that_edits_are_left_out_of_a_comparison_is_said() -> None:
    plain = Document("bundled:names", Source("text", "A"))
    edited = plain.with_edit(Edit(Node("mlp", 0), "zero"))
    circuit = circuit_of(Graph(2, 2, 2), ["m0->m1"])
    overlap = circuit_overlap(circuit, circuit)

    def notes(*documents: Document) -> str:
        first, second = (Compared("one", circuit, document) for document in documents)
        return " ".join(differences_of((first, second), overlap))

    assert "edits" not in notes(plain, plain)
    assert "What they recover is without the edits of the second's step." in notes(plain, edited)
    assert "What they recover is without the edits of their steps." in notes(edited, edited)
    table = edges_csv((Compared("one", circuit, plain), Compared("two\nlines", circuit, edited)), overlap)
    head, columns, *_ = table.splitlines()
    assert head.startswith("# The first: one; the second: two lines.")
    assert "without the edits of the second's step" in head
    assert columns == "edge,in,place_in_first,place_in_second"
