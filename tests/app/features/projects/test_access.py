"""A project is looked at, not changed, where another window has it, or its model is missing or another one; what took
long is there again without being made anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog

from app.features.circuit import handlers
from app.features.tracing.handlers import node_scores
from app.worker import runs
from core.graph import Node
from core.notes import Note
from core.project.document import PairSource, Source
from core.project.wire_file import load_project, save_project
from tests.app.features.history.test_history import cut, rows
from tests.app.features.projects.test_projects import answer, jobs_done, name_file, save
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person, plain
from tests.app.tracing_steps import score


def strip_of(person: Person):
    return person.panel("projects").read_only


def press(person: Person, words: str) -> None:
    strip = strip_of(person)
    person.wait(strip.isVisible)
    person.click(next(button for button in strip.buttons.values() if plain(button.text()) == words))
    jobs_done(person)


def open_file(person: Person, path: Path) -> None:
    person.controller("projects").project.open(str(path))
    jobs_done(person)
    person.wait(lambda: not person.workbench.history.locked or strip_of(person).isVisible())


def evaluate_five_edges(person: Person) -> tuple[object, ...]:
    """What is said of the circuit of the five best edges."""
    workbench = person.workbench
    workbench.commit("Keep 5 edges", replace(workbench.document, size=5))
    person.rest()
    person.window.commands["evaluate"].trigger()
    person.rest()
    person.wait(lambda: workbench.records.evaluations)
    person.rest()
    return workbench.records.evaluations[0].statements


def try_to_cut(person: Person, node: Node) -> str:
    """What is said to somebody who cuts a node where nothing may be changed."""
    before = person.workbench.document
    person.workbench.editing.toggle(node, "cut")
    person.rest()
    assert person.workbench.document == before
    return person.message()


def test_the_second_window_on_a_project_only_looks(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, copy = tmp_path / "work.wire", tmp_path / "copy.wire"
    cut(reader, Node("mlp", 1))
    save(reader, path, monkeypatch)
    other = sit_down()
    open_file(other, path)
    assert strip_of(other).words.text() == "work.wire is open in another window. Here it can be looked at, not changed."
    assert "Save Project As makes a copy" in try_to_cut(other, Node("mlp", 0))
    other.choose("Edit", "Undo")  # looking goes on
    other.choose("Edit", "Redo")
    assert not other.window.isWindowModified()
    saved = path.read_bytes()
    other.window.commands["save_project"].trigger()
    assert "is open in another window" in other.message()
    name_file(monkeypatch, path)
    other.choose("File", "Save Project As")
    assert "work.wire is open in another window." in other.dismiss()
    assert path.read_bytes() == saved
    name_file(monkeypatch, copy)
    press(other, "Save a Copy")
    assert not strip_of(other).isVisible()
    assert other.window.windowTitle().startswith("copy[*]")
    other.workbench.editing.toggle(Node("mlp", 0), "cut")
    other.rest()
    assert len(other.edits()) == 2
    reader.workbench.editing.toggle(Node("mlp", 0), "cut")
    reader.rest()
    reader.controller("projects").project.saving.save()
    jobs_done(reader)
    assert len(load_project(path).steps) == 3
    reader.window.close()
    third = sit_down()
    open_file(third, path)
    assert not third.workbench.history.locked


def test_other_weights_are_told_and_taken_when_wanted(
    reader: Person, sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = tmp_path / "study", tmp_path / "work.wire"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN, COUNTERFACTUAL)
    words = cut(reader, Node("mlp", 1))
    figures = reader.figures()
    save(reader, path, monkeypatch)
    reader.window.close()

    same = sit_down()
    open_file(same, path)
    assert not same.workbench.history.locked
    assert same.figures() == figures
    same.window.close()

    shake(folder)
    other = sit_down()
    open_file(other, path)
    said = strip_of(other).words.text()
    assert said.startswith("The model study has other weights here (")
    assert "than when work.wire was saved (" in said
    assert rows(other)[-1][:2] == (words, figures_in_history(path)), "the figures are those that were saved"
    assert "has other weights than when it was saved" in try_to_cut(other, Node("mlp", 0))
    press(other, "Use These Weights")
    assert not strip_of(other).isVisible()
    assert other.window.isWindowModified()
    assert other.figures() != figures
    assert len(other.edits()) == 1
    assert load_project(path).steps[-1].outcome is not None, "the file is as it was"
    save(other, path, monkeypatch)
    other.window.close()
    again = sit_down()
    open_file(again, path)
    assert not again.workbench.history.locked


def test_what_was_found_of_the_former_weights_is_neither_mixed_with_nor_shown_as_of_these(
    reader: Person, sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = tmp_path / "study", tmp_path / "work.wire"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN, COUNTERFACTUAL)
    evaluate_five_edges(reader)
    save(reader, path, monkeypatch)
    reader.window.close()
    saved = load_project(path)
    assert saved.traces
    assert saved.circuits

    shake(folder)
    other = sit_down()
    open_file(other, path)
    other.wait(strip_of(other).isVisible)
    other.rest()
    other.wait(lambda: other.workbench.scored is not None)
    trust, records = other.controller("trust"), other.workbench.records
    assert other.workbench.scored.values.tolist() != saved.traces[-1].values.tolist()
    held = other.controller("projects").project.project()
    assert (held.models, held.traces, held.circuits) == (saved.models, saved.traces, saved.circuits)
    assert not trust._data().statements
    assert other.workbench.known.evaluation is None
    trust.evaluate()
    other.rest()
    other.wait(lambda: trust._asked is None)
    assert trust._data().statements, "of the weights here"
    assert records.evaluations == saved.evaluations
    press(other, "Use These Weights")
    other.rest()
    assert not records.evaluations
    assert not trust._data().statements
    assert other.workbench.known.evaluation is None
    assert records.traces[-1].values.tolist() == other.workbench.scored.values.tolist()


def shake(folder: Path) -> None:
    """Change one number of a model."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    name = next(name for name in sorted(tensors) if "mlp" in name and tensors[name].ndim == 2)
    tensors[name][0, 0] += 0.5
    save_file(tensors, file, {"format": "pt"})


def figures_in_history(path: Path) -> str:
    from app.features.history.presenter.rows import value_words

    return value_words(load_project(path).steps[-1].outcome)


def test_a_model_that_is_gone_leaves_the_history_to_look_at_and_another_one_takes_its_place(
    reader: Person, sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = tmp_path / "gone", tmp_path / "work.wire"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN, COUNTERFACTUAL)
    words = cut(reader, Node("mlp", 1))
    statements = evaluate_five_edges(reader)
    save(reader, path, monkeypatch)
    before = rows(reader)[1:]
    reader.window.close()
    shutil.rmtree(folder)
    other = sit_down()
    open_file(other, path)
    assert "There is no folder" in other.dismiss()
    assert "The model of this project, gone, cannot be opened." in strip_of(other).words.text()
    assert [row[:2] for row in rows(other)][-1] == before[-1][:2]
    trust = other.panel("trust").data()
    assert (trust.statements, trust.stale, trust.able) == (statements, False, False), "what was saved can be read"
    assert trust.problem == "The model is not open: nothing can be evaluated anew."
    document = other.workbench.document
    other.workbench.question.swap()
    assert "cannot be opened" in other.message()
    assert other.workbench.document == document
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (str(models.gpt2), True))
    press(other, "Use Another Model")
    assert not strip_of(other).isVisible()
    assert ([row[0] for row in rows(other)][-2], len(other.edits())) == (words, 1)
    assert not other.panel("trust").data().statements, "they say nothing of another model"
    assert other.window.isWindowModified()
    assert not other.dialogs()


def test_what_took_long_is_there_again_without_being_made_anew(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, workbench = tmp_path / "work.wire", reader.workbench
    row = PairSource(Source("text", CLEAN), Source("text", COUNTERFACTUAL), " Mary", " John")
    rows_of = row, row
    reader.controller("dataset")._commit("Add rows", rows_of)
    reader.rest()
    reader.window.top_bar.method_menu.over[True].trigger()
    reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
    evaluate_five_edges(reader)
    reader.workbench.select((Node("mlp", 1),))
    save(reader, path, monkeypatch)
    assert not reader.window.isWindowModified()
    values = workbench.scored.values.tolist()
    statements = workbench.records.evaluations[0].statements
    curve = reader.controller("circuit").strip.data().curve
    assert len(curve.sizes) == len(curve.recovered) > 2
    kept = load_project(path)
    assert kept.circuits[0].step == kept.current
    assert len(kept.circuits[0].edges) == workbench.document.size

    def never(*_: object) -> None:
        raise AssertionError("the edges are scored anew")

    monkeypatch.setattr(runs, "trace_in_parts", never)
    monkeypatch.setattr(handlers, "faithfulness", never)
    reader.window.close()
    other = sit_down()
    open_file(other, path)
    other.rest()
    scored = other.workbench.scored
    assert (scored.pairs, scored.values.tolist()) == (2, values)
    assert other.workbench.selection == (Node("mlp", 1),)
    shown = other.controller("trust")._data()
    assert shown.statements == statements
    assert not shown.stale
    strip = other.panel("circuit")
    other.wait(lambda: other.controller("circuit").strip.data().curve is not None)
    again = other.controller("circuit").strip.data().curve
    assert (again.sizes, again.recovered, again.stale) == (curve.sizes, curve.recovered, False)
    assert (again.band.tolist(), again.sure.tolist()) == (curve.band.tolist(), curve.sure.tolist())
    assert strip.trace.isHidden()
    assert not other.window.isWindowModified()
    other.workbench.commit("Cuts zero", replace(other.workbench.document, replacement="zero"))
    other.rest()
    assert other.controller("circuit").strip.data().curve.stale, "it is of cuts that patch"
    other.workbench.commit("Other words", replace(other.workbench.document, clean=Source("text", COUNTERFACTUAL)))
    other.rest()
    assert other.controller("circuit").strip.data().curve is None, "not even its scale is that of other inputs"
    assert not other.dialogs()


def test_scores_of_nodes_over_a_dataset_are_there_again(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, workbench = tmp_path / "work.wire", reader.workbench
    row = PairSource(Source("text", CLEAN), Source("text", COUNTERFACTUAL), " Mary", " John")
    reader.controller("dataset")._commit("Add rows", (row, row))
    reader.rest()
    reader.window.top_bar.method_menu.over[True].trigger()
    for level in ("positions", "nodes"):
        score(reader, level)
        reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
        reader.wait(lambda level=level: [each for each in workbench.records.traces if each.level == level])
    values = workbench.extent.scores.values.tolist()
    save(reader, path, monkeypatch)
    assert not reader.window.isWindowModified()
    kept = {each.level: each for each in load_project(path).traces}
    assert kept["nodes"].values.shape == (workbench.opened.graph.n_writers,)
    assert kept["positions"].values.shape == (workbench.opened.graph.n_writers, len(workbench.labels))
    reader.window.close()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the nodes are scored anew")

    monkeypatch.setattr(node_scores, "Tracing", never)
    other = sit_down()
    open_file(other, path)
    other.rest()
    other.wait(lambda: other.workbench.extent.scores is not None)
    assert other.workbench.extent.scores.values.tolist() == pytest.approx(values, nan_ok=True)
    assert not other.window.isWindowModified()
    assert not other.dialogs()


def test_a_file_that_somebody_else_changed_is_not_written_over_unasked(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "work.wire", tmp_path / "mine.wire"
    cut(reader, Node("mlp", 1))
    save(reader, path, monkeypatch)
    save_project(path, replace(load_project(path), notes=(Note("node", "m1", "theirs"),)))
    theirs = path.read_bytes()
    reader.workbench.editing.toggle(Node("mlp", 0), "cut")
    reader.rest()
    for words, file in (("Cancel", None), ("Save As", other)):
        name_file(monkeypatch, other)
        reader.window.commands["save_project"].trigger()
        assert answer(reader, words).startswith("work.wire was changed by another program")
        jobs_done(reader)
        assert path.read_bytes() == theirs
        assert other.exists() == (file is not None)
    assert len(load_project(other).steps) == 3
    assert not reader.window.isWindowModified()
    reader.workbench.editing.toggle(Node("head", 0, 0), "cut")
    reader.rest()
    save_project(other, load_project(path))
    reader.window.commands["save_project"].trigger()
    answer(reader, "Save Over It")
    jobs_done(reader)
    assert len(load_project(other).steps) == 4
