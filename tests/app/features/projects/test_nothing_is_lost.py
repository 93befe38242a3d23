"""Ways in which work could be lost, or a file take what is not its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.features.projects.controller import sessions
from app.features.projects.controller.saving import state_of
from app.features.projects.presenter import Left
from app.workbench.notes import PROJECT
from app.worker import service
from core.errors import InputError
from core.graph import Node
from core.notes import Note
from core.project import wire_file
from core.project.project import ModelRecord
from core.project.wire_file import load_project, save_project
from tests.app.features.history.test_history import cut
from tests.app.features.projects.test_access import shake
from tests.app.features.projects.test_projects import answer, jobs_done, save
from tests.app.features.projects.test_recovery import left_behind, strip_button
from tests.app.models import CLEAN
from tests.app.person import Person


def test_after_a_first_model_that_is_not_there_another_one_opens(person: Person, models, tmp_path: Path) -> None:
    person.workbench.models.open_model(str(tmp_path / "nowhere"))
    person.wait(person.dialogs)
    person.dismiss()
    assert person.panel("projects").read_only.isHidden(), "there is no project that could be saved from it"
    person.open(models.gpt2, CLEAN)
    assert person.workbench.opened is not None
    assert person.figures()


def test_a_save_that_ends_late_gives_its_file_to_no_other_project(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, go_on, real = tmp_path / "work.wire", threading.Event(), wire_file.save_project
    cut(reader, Node("mlp", 1))
    save(reader, path, monkeypatch)
    cut(reader, Node("mlp", 0))
    saved: list[int] = []

    def slowly(*arguments: object, **options: object) -> None:
        go_on.wait(30)
        real(*arguments, **options)  # type: ignore[arg-type]
        saved.append(len(load_project(path).steps))

    monkeypatch.setattr(wire_file, "save_project", slowly)
    reader.window.commands["save_project"].trigger()
    reader.window.commands["save_project"].trigger()  # one after the other
    reader.window.commands["new_project"].trigger()  # once both are done
    project = reader.controller("projects").project
    assert project.path == path
    go_on.set()
    jobs_done(reader)
    assert saved == [3, 3]
    assert project.path is None
    assert len(load_project(path).steps) == 3
    assert not reader.dialogs()


def test_restored_work_is_not_written_over_a_newer_file_unasked(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "work.wire"
    cut(reader, Node("mlp", 1))
    save(reader, path, monkeypatch)
    project, state = reader.controller("projects").project.project(), state_of(path)
    left_behind(project, Left(str(path), reader.workbench.document.model, 1, state=state))
    save_project(path, replace(project, notes=(Note("node", "m1", "newer"),)))
    newer = path.read_bytes()
    reader.window.close()

    person = sit_down()
    person.controller("projects").start()
    restore = strip_button(person, "Restore")
    person.click(restore)
    person.controller("projects").recovery._take("restore")  # pressed twice
    jobs_done(person)
    person.window.commands["save_project"].trigger()
    assert answer(person, "Cancel").startswith("work.wire was changed by another program")
    assert path.read_bytes() == newer


def test_a_project_without_a_can_be_given_one(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its model's weights are compared when there is something to compute, and A is what is computed of."""
    path = tmp_path / "work.wire"
    save(reader, path, monkeypatch)
    project = load_project(path)
    steps = tuple(
        replace(step, document=replace(step.document, clean=None, counterfactual=None, metric=None), outcome=None)
        for step in project.steps
    )
    models = tuple(ModelRecord(each.name, each.precision, each.weights) for each in project.models)
    assert models
    save_project(path, replace(project, steps=steps, models=models, traces=(), circuits=()))
    reader.window.close()

    person = sit_down()
    person.controller("projects").project.open(str(path))
    jobs_done(person)
    person.type_prompt("A", CLEAN)
    assert person.workbench.document.clean is not None
    assert person.figures()


def test_a_refused_autosave_is_said_once_until_it_works_again_and_closing_asks(
    reader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, real = reader.window.settings, sessions.save_bytes
    settings.set_preferences(replace(settings.preferences(), asks_before_closing=False))
    projects = reader.controller("projects")
    projects.start()
    refusals: list[Path] = []

    def full(path: Path, content: bytes, **_: object) -> None:
        refusals.append(path)
        raise InputError("There is no space left on the disk.")

    monkeypatch.setattr(sessions, "save_bytes", full)
    cut(reader, Node("mlp", 1))
    reader.wait(reader.dialogs)
    said = reader.dismiss()
    assert "Your work could not be kept" in said
    assert "There is no space left on the disk." in said
    before = len(refusals)
    cut(reader, Node("mlp", 0))
    reader.wait(lambda: len(refusals) > before)
    reader.rest()
    assert not reader.dialogs(), "it was said"
    reader.window.closing.asks = True
    reader.window.close()
    assert answer(reader, "Cancel").startswith("Save your work, 2 steps")
    reader.window.closing.asks = False
    monkeypatch.setattr(sessions, "save_bytes", real)
    reader.choose("Edit", "Undo")
    reader.wait(lambda: reader.message() == "Your work is kept again while it is not saved.")
    monkeypatch.setattr(sessions, "save_bytes", full)
    reader.choose("Edit", "Redo")
    reader.wait(reader.dialogs)
    reader.dismiss()


def test_work_on_one_model_is_not_forgotten_at_a_step_of_another_that_only_looks(
    reader: Person, sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, path = tmp_path / "study", tmp_path / "work.wire"
    shutil.copytree(models.gpt2, folder)
    reader.open(folder, CLEAN)
    reader.open(models.gpt2, CLEAN)
    save(reader, path, monkeypatch)
    reader.window.close()
    shake(folder)

    person = sit_down()
    person.controller("projects").project.open(str(path))
    jobs_done(person)
    assert not person.workbench.history.locked
    person.choose("Edit", "Undo")
    person.wait(person.panel("projects").read_only.isVisible)
    assert person.workbench.history.locked
    assert not person.window.isWindowModified(), "only another step is present"
    person.choose("Edit", "Redo")
    person.wait(lambda: not person.workbench.history.locked)
    person.workbench.records.notes.write(PROJECT, text="not to be lost")
    person.choose("Edit", "Undo")
    person.wait(person.panel("projects").read_only.isVisible)
    assert person.window.isWindowModified(), "there is a note"
    autosave = person.controller("projects").autosave
    autosave.begin()
    person.wait(lambda: (autosave.folder / "work.wire").exists())
    person.choose("Edit", "Redo")
    person.wait(lambda: not person.workbench.history.locked)
    cut(person, Node("mlp", 1))
    person.choose("Edit", "Undo")
    person.choose("Edit", "Undo")
    person.wait(person.panel("projects").read_only.isVisible)
    assert person.window.isWindowModified()
    person.window.closing.asks = True
    person.window.close()
    answer(person, "Save")
    person.wait(lambda: not person.window.isVisible())
    assert load_project(path).steps[-1].words.startswith("Cut m1")
    assert [note.text for note in load_project(path).notes] == ["not to be lost"]


def test_a_note_that_is_written_while_another_project_is_read_is_not_lost(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other, go_on, real = tmp_path / "work.wire", tmp_path / "other.wire", threading.Event(), load_project
    save(reader, path, monkeypatch)
    shutil.copyfile(path, other)
    monkeypatch.setattr(wire_file, "load_project", lambda each: go_on.wait(30) and real(each))
    reader.controller("projects").project.open(str(other))
    reader.workbench.records.notes.write(PROJECT, text="not to be lost")
    go_on.set()
    jobs_done(reader)
    assert answer(reader, "Save") == "Save the changes to work.wire?"
    jobs_done(reader)
    assert [note.text for note in real(path).notes] == ["not to be lost"]
    assert reader.controller("projects").project.path == other


def test_a_new_project_while_a_model_loads_keeps_that_model(person: Person, models, monkeypatch) -> None:
    begun, go_on, load = threading.Event(), threading.Event(), service.load_model
    slow = lambda name, **told: begun.set() or (go_on.wait(20) and load(name, **told))  # noqa: E731
    monkeypatch.setattr(service, "load_model", slow)
    person.workbench.models.start(str(models.gpt2))
    person.wait(begun.is_set)
    person.window.commands["new_project"].trigger()
    go_on.set()
    person.rest()
    person.wait(lambda: person.workbench.opened is not None)
    person.rest()
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"
    assert person.window.centre.currentWidget() is not person.panel("welcome")
    person.type_prompt("A", CLEAN)
    assert person.figures()
