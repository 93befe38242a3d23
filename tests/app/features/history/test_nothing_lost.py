"""Nothing that is opened loses what the user has made: undo brings it back with its history, redo the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog

from core.graph import Node
from core.project.document import PairSource, Source
from tests.app.features.history.test_history import click_step, cut, rows
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.window.test_palette import summon


def dropped(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def by_welcome_page(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person.window.settings.add_recent_model(str(folder))
    person.window.commands["welcome"].trigger()
    person.panel("welcome").recent_chosen.emit(str(folder))


def by_folder(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    person.choose("File", "Open Model Folder")


def by_name(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (str(folder), True))
    person.choose("File", "Open Model by Name")


def by_recent(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person.window.settings.add_recent_model(str(folder))
    person.choose("File/Recent Models", str(folder))


def by_palette(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person.window.settings.add_recent_model(str(folder))
    QTest.keyClick(summon(person, folder.name).field, Qt.Key.Key_Return)


def on_the_canvas(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.drop(person.window.canvas, dropped(folder))


def on_a_card(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.drop(person.card("A"), dropped(folder))


def on_the_dataset(person: Person, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.drop(person.panel("dataset"), dropped(folder))


WAYS = (by_welcome_page, by_folder, by_name, by_recent, by_palette, on_the_canvas, on_a_card, on_the_dataset)


def test_undo_brings_the_former_model_back_however_the_next_was_opened(
    reader: Person, models, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = cut(reader, Node("mlp", 1))
    document, figures = reader.workbench.document, reader.figures()
    for way in WAYS:
        with monkeypatch.context() as patched:
            way(reader, models.llama, patched)
        reader.rest()
        assert reader.window.windowTitle() == "llama[*] - Wirescope", way
        assert reader.edits() == [], way
        reader.choose("Edit", "Undo")
        assert reader.window.windowTitle() == "gpt2[*] - Wirescope", way
        assert reader.workbench.document == document, way
        assert reader.figures() == figures, way
        assert (step, "present") in [(row[0], row[2]) for row in rows(reader)], way
    assert not reader.dialogs()


def test_the_history_goes_on_over_two_models(reader: Person, models) -> None:
    one = cut(reader, Node("head", 0, 1))
    reader.choose("Edit", "Undo")
    two = cut(reader, Node("mlp", 1))  # beside a branch
    document, figures = reader.workbench.document, reader.figures()
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    three = cut(reader, Node("mlp", 0))
    after = reader.figures()
    assert [(row[0], row[2]) for row in rows(reader)] == [
        ("Start", "past"),
        (one, "aside"),
        (two, "past"),
        ("Open llama", "past"),
        (three, "present"),
    ]
    for _ in range(2):
        reader.choose("Edit", "Undo")
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"
    assert reader.workbench.document == document
    assert reader.figures() == figures
    click_step(reader, one)  # the branch, too
    assert len(reader.edits()) == 1
    click_step(reader, two)
    for _ in range(2):
        reader.choose("Edit", "Redo")
    assert reader.window.windowTitle() == "llama[*] - Wirescope"
    assert reader.figures() == after
    assert not reader.dialogs()


def test_a_model_whose_folder_is_gone_is_said_and_all_steps_stay(reader: Person, models, tmp_path: Path) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(models.gpt2, folder)
    reader.workbench.models.open_model(str(folder))
    reader.rest()
    there = cut(reader, Node("mlp", 1))
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    shutil.rmtree(folder)
    reader.window.commands["undo"].trigger()
    reader.wait(reader.dialogs)
    assert "There is no folder" in reader.dismiss()
    reader.rest()
    assert reader.window.windowTitle() == "llama[*] - Wirescope"
    assert [row[0] for row in rows(reader)] == ["Start", "Open moved", there, "Open llama"]
    shutil.copytree(models.gpt2, folder)
    reader.choose("Edit", "Undo")
    assert len(reader.edits()) == 1


def test_a_trace_that_took_long_is_there_again_after_another_input_and_another_model(reader: Person, models) -> None:
    workbench = reader.workbench
    for a, b in ((CLEAN, COUNTERFACTUAL), (COUNTERFACTUAL, CLEAN)):
        row = PairSource(Source("text", a), Source("text", b), " Mary", " John")
        reader.controller("dataset")._commit("Add a row", (*workbench.document.dataset, row))
    reader.rest()
    reader.window.top_bar.method_menu.over[True].trigger()
    reader.press(Qt.Key.Key_T, widget=reader.window.canvas)
    size, scored = workbench.document.size, workbench.scored
    assert scored is not None
    assert scored.pairs == 2
    reader.type_prompt("A", "When Tom gave a drink to")
    assert workbench.scored.pairs == 2  # they are of the dataset, whatever is on the cards
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    assert workbench.scored.pairs == 0
    for _ in range(2):
        reader.choose("Edit", "Undo")
    assert workbench.document.size == size
    assert workbench.scored.pairs == 2
    assert workbench.scored.method == scored.method
    assert workbench.scored.values.tolist() == scored.values.tolist()


def test_open_replaces_the_rows_and_append_adds_to_them(reader: Person, tmp_path: Path, monkeypatch) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text(f"clean,counterfactual\n{CLEAN},{COUNTERFACTUAL}\n", encoding="utf-8")
    two.write_text(f"clean,counterfactual\n{COUNTERFACTUAL},{CLEAN}\n", encoding="utf-8")
    files = [one, two, one]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(files.pop(0)), ""))
    reader.choose("Edit/Dataset", "Open a Dataset")
    reader.choose("Edit/Dataset", "Open a Dataset")
    assert [row.a for row in reader.panel("dataset").rows()] == [COUNTERFACTUAL]
    assert reader.message() == "two.csv takes the place of the row there; undo brings them back."
    reader.choose("Edit/Dataset", "Append a Dataset")
    assert [row.a for row in reader.panel("dataset").rows()] == [COUNTERFACTUAL, CLEAN]
    reader.choose("Edit", "Undo")
    reader.choose("Edit", "Undo")
    assert [row.a for row in reader.panel("dataset").rows()] == [CLEAN]
