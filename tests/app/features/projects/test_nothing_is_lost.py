"""Ways in which work could be lost, or a file take what is not its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.features.projects.controller.project import state_of
from app.features.projects.presenter import Left, is_other_work
from core.graph import Node
from core.project import wire_file
from core.project.project import ModelRecord
from core.project.wire_file import load_project, save_project
from tests.app.features.history.test_history import cut
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
    save_project(path, replace(project, names={"m1": "newer"}))
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


def test_which_step_is_present_is_no_other_work() -> None:
    steps = ("Start", 1), ("Cut", 2)
    assert not is_other_work((*steps, 0, 5), (*steps, 1, 4))
    assert is_other_work((*steps, ("Cut", 3), 0, 5), (*steps, 1, 4))
    assert is_other_work((*steps, 0, 5), None)
