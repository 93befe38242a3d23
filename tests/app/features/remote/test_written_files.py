"""What is written while the work is done elsewhere: the dataset here, a folder of a model there; it is said where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.features.dataset.controller.saver import IDS
from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import make_service
from core.graph import Node
from core.inputs.dataset_files import read_dataset
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.workbench.remote_stand_ins import TestLink


def go_elsewhere(person: Person) -> None:
    person.workbench.homes.move(RemoteWorker(TestLink(make_service()), sends_files=True))
    person.rest()


def name_file(monkeypatch: pytest.MonkeyPatch, path: Path, of_kind: str = "CSV (") -> list[str]:
    """Answer the next file dialog. Returns a list that takes the titles of those that were asked."""
    titles: list[str] = []

    def ask(_window: object, title: str, _start: str, filters: str = "") -> tuple[str, str]:
        titles.append(title)
        return str(path), next((each for each in filters.split(";;") if each.startswith(of_kind)), "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return titles


def test_a_model_is_written_there_over_nothing_and_it_is_said_where(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.workbench.editing.toggle(Node("mlp", 1), "cut")
    reader.rest()
    go_elsewhere(reader)
    full, free = tmp_path / "full", tmp_path / "free"
    full.mkdir()
    (full / "notes.txt").touch()
    titles = name_file(monkeypatch, full)
    reader.choose("File", "Export the Edited Model")
    said = reader.dismiss()
    assert said.startswith(f"On node-7: {full} is not empty."), "the side that writes says it"
    assert titles == ["Name a new folder for the edited model on node-7: it is written there, at this path"]
    name_file(monkeypatch, free)
    reader.choose("File", "Export the Edited Model")
    assert reader.dismiss().startswith(f"The edited model is in {free} on node-7.")
    assert (free / "config.json").is_file()
    assert reader.message() == "Saved the edited model in free on node-7"
    reader.workbench.homes.come_back()
    reader.rest()


def test_a_dataset_is_written_here_with_the_files_that_its_rows_have_here(
    viewer: Person, pictures: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.controller("dataset").take_paths([str(pictures("a.png")), str(pictures("b.png"))])
    viewer.rest()
    go_elsewhere(viewer)
    file = tmp_path / "rows.csv"
    name_file(monkeypatch, file)
    monkeypatch.delattr("app.features.dataset.handlers.rows.save_table")
    viewer.choose("Edit/Dataset", "Save the Dataset")
    viewer.wait(lambda: viewer.panel("dataset").note.text() == "Wrote 2 rows to rows.csv.")
    assert str(pictures("a.png")) in file.read_text(encoding="utf-8"), "there it lies in a folder that goes"
    viewer.workbench.homes.come_back()
    viewer.rest()


def test_token_ids_are_written_there_and_take_no_files_place(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, panel = tmp_path / "ids.csv", reader.panel("dataset")
    reader.choose("Edit/Dataset", "Add the Pair to the Dataset")
    go_elsewhere(reader)
    name_file(monkeypatch, file, f"{IDS} on node-7 (")
    file.write_text("of somebody else", encoding="utf-8")
    reader.choose("Edit/Dataset", "Save the Dataset")
    reader.wait(lambda: panel.problem.text())
    assert panel.problem.text() == f"On node-7: {file} is there already. Give another name: nothing is written over."
    assert file.read_text(encoding="utf-8") == "of somebody else"
    file.unlink()
    reader.choose("Edit/Dataset", "Save the Dataset")
    assert panel.note.text() == "On node-7: Wrote 1 row to ids.csv."
    (row,) = read_dataset(file)
    assert (row.clean, row.counterfactual) == (CLEAN, COUNTERFACTUAL)
    reader.workbench.homes.come_back()
    reader.rest()
    reader.choose("Edit/Dataset", "Save the Dataset")
    assert panel.note.text() == "Wrote 1 row to ids.csv.", "here the dialog has asked"
