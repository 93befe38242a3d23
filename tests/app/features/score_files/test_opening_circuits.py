"""A circuit's file opens with the inputs, the metric and the edits it was made of; nothing of the present work goes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from app.presenters.exported_circuit import circuit_text
from core.project.metric_choice import MetricChoice
from tests.app.cases import each
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.tracing_steps import ROWS, over_dataset, paste, trace


@pytest.fixture
def file(reader: Person, tmp_path: Path) -> Path:
    """Of a traced circuit with an edit; the work then went on to other inputs."""
    trace(reader)
    reader.click_node(reader.workbench.opened.graph.nodes[6])
    reader.workbench.editing.edit_selection("scale", 0.3333333)
    reader.rest()
    path = tmp_path / "circuit.json"
    path.write_text(circuit_text(reader.workbench.presenter.snapshot()), encoding="utf-8")
    return path


def box_of(person: Person, path: Path) -> QMessageBox:
    person.workbench.scores_wanted.emit(str(path))
    person.wait(person.dialogs)
    (box,) = person.dialogs()
    return box


def press(person: Person, box: QMessageBox, words: str) -> None:
    next(button for button in box.buttons() if button.text().replace("&", "") == words).click()
    person.window.activateWindow()
    person.wait(person.window.isActiveWindow)
    person.rest()


def go_on(person: Person) -> None:
    person.type_prompt("A", "When Tom gave a drink to")
    person.workbench.question.set_metric(MetricChoice("probability", " John"))
    person.choose("Edit", "Reset All Edits")


def test_it_is_offered_with_what_it_was_made_of_and_one_undo_brings_the_work_back(reader: Person, file: Path) -> None:
    before = reader.workbench.document
    shown = set(reader.workbench.scored.ranking.kept(before.size).tolist())
    go_on(reader)
    present = reader.workbench.document
    box = box_of(reader, file)
    assert box.text() == "circuit.json was not made with the inputs, metric and edits that are here now."
    assert f"A: {CLEAN}" in box.informativeText()
    assert "One Undo brings back" in box.informativeText()
    assert reader.workbench.document == present  # nothing is done before it is answered
    press(reader, box, "Open with Them")
    document = reader.workbench.document
    for field in ("clean", "counterfactual", "metric", "edits", "size"):
        assert getattr(document, field) == getattr(before, field), field
    assert set(reader.workbench.scored.ranking.kept(document.size).tolist()) == shown
    reader.choose("Edit", "Undo")
    assert reader.workbench.document == present


def test_the_edges_alone_can_be_run_on_the_present_inputs(reader: Person, file: Path) -> None:
    size = reader.workbench.document.size
    go_on(reader)
    present = reader.workbench.document
    press(reader, box_of(reader, file), "Edges Alone")
    document = reader.workbench.document
    assert (document.clean, document.metric, document.edits) == (present.clean, present.metric, present.edits)
    assert document.size == size
    assert "run on" not in reader.panel("circuit").title.text()
    assert "run on this pair" in " ".join(reader.panel("circuit").words()[1])


def test_giving_up_leaves_everything(reader: Person, file: Path) -> None:
    go_on(reader)
    present = reader.workbench.document
    press(reader, box_of(reader, file), "Cancel")
    assert reader.workbench.document == present


def test_the_same_inputs_need_no_question(reader: Person, file: Path) -> None:
    reader.workbench.scores_wanted.emit(str(file))
    reader.rest()
    assert not reader.dialogs()
    assert reader.workbench.scored.from_file


def test_without_a_b_the_file_brings_its_own(reader: Person, file: Path) -> None:
    reader.click(reader.panel("inputs").remove)
    reader.rest()
    press(reader, box_of(reader, file), "Open with Them")
    assert reader.workbench.document.counterfactual.text == COUNTERFACTUAL
    assert reader.workbench.scored.kind == "patch"


def test_a_picture_that_is_another_one_now_is_not_taken_for_it(viewer: Person, pictures, tmp_path: Path) -> None:
    trace(viewer)
    file = tmp_path / "circuit.json"
    text = circuit_text(viewer.workbench.presenter.snapshot())
    sides = json.loads(text)["made of"]["inputs"]
    assert sides["clean"]["path"] == str(pictures("a.png"))
    file.write_text(text.replace(sides["clean"]["sha256"], "0" * 64), encoding="utf-8")
    viewer.controller("inputs").cards.take_paths("A", [str(pictures("other.png"))])
    viewer.rest()
    box = box_of(viewer, file)
    assert "a.png is another picture now" in box.informativeText()
    assert "Open with Them" not in [button.text().replace("&", "") for button in box.buttons()]
    press(viewer, box, "Cancel")
    file.write_text(text, encoding="utf-8")
    press(viewer, box_of(viewer, file), "Open with Them")
    assert viewer.workbench.document.clean.path == str(pictures("a.png"))


@each("wrong", [{"inputs": {"clean": {"kind": "sound"}}}, {"edits": [{"target": "a9.h9"}]}, []])
def test_a_file_whose_origin_cannot_be_read_is_refused_in_words(reader: Person, file: Path, wrong) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["made of"] = wrong
    file.write_text(json.dumps(content), encoding="utf-8")
    present = reader.workbench.document
    reader.workbench.scores_wanted.emit(str(file))
    reader.wait(reader.dialogs)
    assert "made of" in reader.dismiss()
    assert reader.workbench.document == present


def test_a_circuit_of_another_model_opens_with_that_model_and_undo_brings_the_work_back(
    reader: Person, file: Path, models
) -> None:
    before = reader.workbench.document
    reader.open(models.llama, "When Tom gave a drink to", COUNTERFACTUAL)
    present = reader.workbench.document
    box = box_of(reader, file)
    assert "is of another model" in box.text()
    press(reader, box, "Cancel")
    assert reader.workbench.document == present
    press(reader, box_of(reader, file), "Open Its Model and Inputs")
    reader.wait(lambda: reader.workbench.scored is not None and reader.workbench.scored.from_file)
    document = reader.workbench.document
    for field in ("model", "clean", "counterfactual", "metric", "edits", "size"):
        assert getattr(document, field) == getattr(before, field), field
    reader.choose("Edit", "Undo")
    reader.choose("Edit", "Undo")
    assert reader.workbench.document == present


def test_without_a_model_the_file_offers_its_own(sit_down, reader: Person, file: Path) -> None:
    other = sit_down()
    press(other, box_of(other, file), "Open Its Model and Inputs")
    other.wait(lambda: other.workbench.scored is not None and other.workbench.scored.from_file)
    assert other.workbench.document.clean.text == CLEAN
    assert other.workbench.document.edits == reader.workbench.document.edits


def test_the_rows_of_a_circuit_over_a_dataset_come_back_with_it(reader: Person, tmp_path: Path) -> None:
    paste(reader, ROWS)
    over_dataset(reader)
    trace(reader)
    before = reader.workbench.document
    path = tmp_path / "circuit.json"
    path.write_text(circuit_text(reader.workbench.presenter.snapshot()), encoding="utf-8")
    reader.window.commands["dataset_clear"].trigger()
    reader.rest()
    assert reader.workbench.document.dataset == ()
    box = box_of(reader, path)
    assert "was not made with the rows of the dataset that are here now" in box.text()
    assert f"Dataset: {len(before.dataset)} pairs" in box.informativeText()
    press(reader, box, "Open with Them")
    assert reader.workbench.document.dataset == before.dataset
    reader.choose("Edit", "Undo")
    assert reader.workbench.document.dataset == ()
    reader.choose("Edit", "Redo")
    assert reader.workbench.document.dataset == before.dataset
    reader.workbench.scores_wanted.emit(str(path))  # the same again: nothing to ask
    reader.wait(lambda: path.name in reader.message())
    assert not reader.dialogs()


def test_a_circuit_over_a_pair_leaves_the_dataset_alone(reader: Person, file: Path) -> None:
    paste(reader, ROWS)
    rows = reader.workbench.document.dataset
    assert rows
    reader.workbench.scores_wanted.emit(str(file))
    reader.wait(lambda: file.name in reader.message())
    assert reader.workbench.document.dataset == rows
