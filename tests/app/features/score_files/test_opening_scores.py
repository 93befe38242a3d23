"""Files of scores and circuits in the window: opened, dropped, of another model, and no such files at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QFileDialog

import wirescope as ws
from app.presenters.exported_circuit import circuit_text
from app.presenters.exported_tables import scores_json
from core.formatting import share_words
from core.interchange.circuit_json import to_json
from core.interchange.scores_files import scores_to_json
from core.interchange.scores_reading import read_scores
from tests.app.cases import each
from tests.app.person import Person


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def made(person: Person, method: str = "integrated-edges", replacement: str = "patch") -> ws.Scores:
    return ws.trace(person.session(), method, replacement=replacement)


@pytest.mark.parametrize("who", ["reader", "viewer"])
def test_scores_that_are_opened_take_the_place_of_a_trace(request, who: str, tmp_path: Path, monkeypatch) -> None:
    person: Person = request.getfixturevalue(who)
    scores = made(person, replacement="zero")
    file = tmp_path / "scores.json"
    file.write_text(scores_to_json(scores), encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    person.choose("File", "Open Scores or a Circuit")
    person.rest()
    assert person.workbench.scored.method == "integrated-edges"
    assert person.workbench.scored.values == pytest.approx(scores.values, abs=1e-9)
    assert person.workbench.cut_kind == "zero"  # what they are for, and the tool bar says so
    assert "zero" in person.window.top_bar.replacement.words()
    assert "scores.json" in person.message()
    assert "another model" not in person.message()
    session = person.session()
    curve = ws.faithfulness(session, scores)
    drawn = person.circuit().curve
    assert drawn.recovered == pytest.approx(curve.recovered, abs=1e-5)  # as that of a trace
    assert "zero" in drawn.words
    assert not person.panel("circuit").trace.isVisible()
    person.choose("Edit", "Undo")
    assert person.workbench.scored.method == "eap"
    assert person.workbench.cut_kind == "patch"


def test_that_scores_are_of_another_model_of_the_same_shape_is_said(reader: Person, tmp_path: Path) -> None:
    scores = made(reader)
    file = tmp_path / "scores.json"
    file.write_text(scores_to_json(replace(scores, about={**scores.about, "model": "elsewhere"})), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    assert "; made with elsewhere, another model of the same shape" in reader.message()


def test_scores_of_an_interrupted_trace_are_marked_as_partial(reader: Person, tmp_path: Path) -> None:
    scores = made(reader)
    values = scores.values.copy()
    values[100:] = np.nan
    part = ws.Scores(scores.graph, values, scores.method, scores.replacement, {"partial": "38 % of the work"})
    file = tmp_path / "part.json"
    file.write_text(scores_to_json(part), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    strip = reader.panel("circuit")
    assert "partial: 38 % of the work" in reader.message()
    assert "partial: 38 % of the work" in " ".join(strip.words()[1])
    assert "partial: 38 % of the work" in reader.workbench.presenter.snapshot().caption().lines[0]
    assert strip.trace.text() == "No curve: the file scores only some of the edges"
    assert not strip.trace.isEnabled()  # it would put a trace in the file's place
    assert reader.circuit().curve is None


def test_a_circuit_that_is_dropped_is_shown_and_run(reader: Person, tmp_path: Path) -> None:
    circuit = made(reader).top(17)
    file = tmp_path / "circuit.json"
    file.write_text(to_json(circuit), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    shown = {mark.index for mark in reader.window.canvas.scene.data.edges}
    assert shown == set(circuit.edges.tolist())
    session = reader.session()
    none, whole = float(session.counterfactual.metric), float(session.clean.metric)
    share = (float(session.run_circuit(circuit).metric) - none) / (whole - none)
    assert share_words(share) in reader.panel("circuit").title.text()


def test_what_the_window_exports_it_opens_again(reader: Person, tmp_path: Path) -> None:
    reader.panel("circuit").size_wanted.emit(25)
    reader.rest()
    before = {mark.index for mark in reader.window.canvas.scene.data.edges}
    file = tmp_path / "again.json"
    file.write_text(circuit_text(reader.workbench.presenter.snapshot()), encoding="utf-8")
    reader.choose("Edit", "Undo")
    assert reader.drop(reader.card("A"), files(file))  # a card sends it where it belongs
    reader.rest()
    assert {mark.index for mark in reader.window.canvas.scene.data.edges} == before
    assert reader.workbench.document.clean.text.startswith("When Mary")  # the card keeps its prompt


@pytest.mark.parametrize("kind", ["scores", "circuit"])
def test_a_file_of_another_model_is_refused_with_the_difference(reader: Person, viewer_model, kind, tmp_path) -> None:
    scores = ws.trace(viewer_model, "eap", replacement="zero")
    text = scores_to_json(scores) if kind == "scores" else to_json(scores.top(9))
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")
    before = reader.workbench.document
    assert reader.drop(reader.window, files(file))
    reader.wait(reader.dialogs)
    words = reader.dismiss()
    assert "other.json is of another model" in words
    assert "2 layers against 3" in words
    assert reader.workbench.document == before


@pytest.fixture
def viewer_model(models, pictures) -> ws.Session:
    model = ws.load_model(models.vit)
    return ws.Session(model, model.pair(pictures("a.png")))


@each(
    ("content", "words"),
    [("no JSON at all", "is no JSON"), (json.dumps({"a": 1}), "holds no scores"), ("[1, 2]", "holds no scores")],
)
def test_a_file_that_holds_no_scores_says_so(reader: Person, tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "what.json"
    file.write_text(content, encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.wait(reader.dialogs)
    assert words in reader.dismiss()


def test_scores_for_b_wait_for_a_b(reader: Person, tmp_path: Path) -> None:
    scores = made(reader)
    file = tmp_path / "scores.json"
    file.write_text(scores_to_json(scores), encoding="utf-8")
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    assert reader.drop(reader.window, files(file))
    reader.wait(reader.dialogs)
    assert "Give B first" in reader.dismiss()


def test_a_file_that_goes_away_is_said_and_estimates_stand_in(reader: Person, tmp_path: Path) -> None:
    scores = made(reader)
    file = tmp_path / "scores.json"
    file.write_text(scores_to_json(scores), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    file.unlink()
    reader.type_prompt("A", "When Tom gave a drink to")
    assert "cannot be read" in reader.message()
    assert reader.workbench.scored.method == "eap"
    assert np.isfinite(reader.workbench.scored.values).all()


def test_scores_that_name_a_rule_are_chosen_by_it(reader: Person, tmp_path: Path) -> None:
    scores = made(reader).with_rule("greedy")
    file = tmp_path / "scores.json"
    file.write_text(scores_to_json(scores), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    reader.panel("circuit").size_wanted.emit(30)
    reader.rest()
    assert reader.panel("circuit").rule.currentText() == "From the output down"
    assert (
        "chosen from the output down"
        in reader.workbench.history.current.words + reader.workbench.presenter.subject().circuit
    )
    assert set(scores.select(30).edges.tolist()) <= {mark.index for mark in reader.window.canvas.scene.data.edges}
    program = tmp_path / "program.json"
    program.write_text(scores_to_json(made(reader).with_rule("program")), encoding="utf-8")
    assert reader.drop(reader.window, files(program))
    reader.rest()
    assert reader.panel("circuit").rule.currentText() == "Best scores"
    assert "not chosen for the largest connected sum here" in reader.message()


def test_scores_keep_how_sure_their_signs_are(reader: Person, tmp_path: Path) -> None:
    agreement = np.linspace(0, 1, reader.workbench.opened.graph.n_edges)
    scores = replace(made(reader), agreement=agreement)
    file, exported = tmp_path / "scores.json", tmp_path / "again.json"
    file.write_text(scores_to_json(scores.with_rule("consensus")), encoding="utf-8")
    assert reader.drop(reader.window, files(file))
    reader.rest()
    snapshot = reader.workbench.presenter.snapshot()
    exported.write_text(scores_json(snapshot), encoding="utf-8")
    again = read_scores(exported).scores
    assert again.agreement == pytest.approx(agreement)
    assert again.rule == "consensus"
    assert again.select(20).edges.tolist() == scores.select(20, "consensus").edges.tolist()


def test_scores_of_another_precision_say_so(reader: Person, tmp_path: Path) -> None:
    scores = made(reader)
    for precision in ("bf16", "fp32"):
        name = f"{precision}.json"
        told = {"model": "x"} | ({} if precision == "fp32" else {"precision": precision})
        (tmp_path / name).write_text(scores_to_json(replace(scores, about=scores.about | told)), encoding="utf-8")
        assert reader.drop(reader.window, files(tmp_path / name))
        reader.rest()
        said = "made in bf16, and the model computes in fp32 here" in reader.message()
        assert said == (precision == "bf16"), reader.message()
    told = {"model": "x", "weights": "8bit"}
    (tmp_path / "8.json").write_text(scores_to_json(replace(scores, about=scores.about | told)), encoding="utf-8")
    assert reader.drop(reader.window, files(tmp_path / "8.json"))
    reader.rest()
    assert "made in fp32 with weights in 8 bits, and the model computes in fp32 here" in reader.message()
