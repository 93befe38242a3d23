"""Work that is not saved is kept beside, and offered at the next start."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from app.features.projects.controller.saving import state_of
from app.features.projects.controller.sessions import MONTH, Session, new_session, sessions_left, write
from app.features.projects.presenter import Left
from app.services.state_folder import state_folder
from core.graph import Node
from core.project.project import Project
from core.project.wire_file import load_project, project_bytes
from tests.app.features.history.test_history import cut, rows
from tests.app.features.projects.test_projects import CONTROL, answer, jobs_done, save
from tests.app.person import Person, plain


def root() -> Path:
    return state_folder() / "sessions"


def works() -> list[Path]:
    return sorted(root().glob("*/work.wire"))


def kept_steps() -> int:
    (work,) = works()
    return len(load_project(work).steps)


def strip_button(person: Person, words: str):
    strip = person.panel("projects").recovery
    person.wait(strip.isVisible)
    return next(button for button in strip.buttons.values() if plain(button.text()) == words)


def left_behind(project: Project, about: Left) -> Session:
    """As a window that was killed leaves it."""
    session = new_session(root())
    write(session, project_bytes(project), about)
    session.leave()
    return session


def test_every_step_is_kept_until_it_is_saved_and_a_clean_end_leaves_nothing(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.controller("projects").start()
    assert reader.panel("projects").isHidden()
    cut(reader, Node("mlp", 1))
    reader.wait(works)
    reader.wait(lambda: kept_steps() == 2)
    cut(reader, Node("mlp", 0))
    reader.wait(lambda: kept_steps() == 3)
    assert sessions_left(root()) == [], "while its window runs it is its own"
    save(reader, tmp_path / "work.wire", monkeypatch)
    reader.wait(lambda: not works())
    reader.choose("Edit", "Undo")
    reader.wait(works)
    reader.choose("Edit", "Redo")
    reader.wait(lambda: not works())
    reader.window.close()
    assert list(root().iterdir()) == []


def test_what_was_left_is_restored_with_its_file_or_discarded(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = cut(reader, Node("mlp", 1))
    path = tmp_path / "work.wire"
    save(reader, path, monkeypatch)
    saved = path.read_bytes()
    other = cut(reader, Node("mlp", 0))
    project = reader.controller("projects").project.project()
    model = reader.workbench.document.model
    old = left_behind(replace(project, steps=project.steps[:2], current=1), Left("", model, 1))
    os.utime(old.work, (0, 0))
    left = left_behind(project, Left(str(path), model, 2, state=state_of(path)))
    reader.window.close()

    person = sit_down()
    person.controller("projects").start()
    strip = person.panel("projects").recovery
    said = strip.words.text()
    assert "work.wire, with 2 steps on gpt2. It was not saved when Wirescope ended unexpectedly. 1 other piece" in said
    assert str(left.folder) in strip.words.toolTip()
    person.click(strip_button(person, "Restore"))
    jobs_done(person)
    assert [row[0] for row in rows(person)] == ["Start", words, other]
    assert person.window.windowTitle() == "work[*] - gpt2 - Wirescope"
    assert person.window.isWindowModified()
    assert path.read_bytes() == saved, "the file is as it was"
    assert left.work.exists(), "the work stays kept until it is saved"
    assert "1 step on gpt2" in strip.words.text(), "the next one"
    person.click(strip_button(person, "Discard"))
    assert strip.isHidden()
    assert len(list(root().glob("discarded-*/work.wire"))) == 1
    person.window.activateWindow()
    person.press(Qt.Key.Key_S, CONTROL, person.window.canvas)
    jobs_done(person)
    person.wait(lambda: not left.work.exists())
    assert load_project(path).steps == project.steps


def test_not_now_offers_it_again_and_what_was_discarded_goes_after_a_month(
    person: Person, sit_down: Callable[[], Person]
) -> None:
    from core.project.document import Document
    from core.project.project import StepRecord

    project = Project((StepRecord("Start", Document("")), StepRecord("Cut", Document("m"), 0)))
    left_behind(project, Left("", "m", 1, kept=True))
    person.controller("projects").start()
    strip = person.panel("projects").recovery
    assert "It was kept when the window was closed." in strip.words.text()
    person.click(strip.close_button)
    assert strip.isHidden()
    other = sit_down()
    other.controller("projects").start()
    other.click(strip_button(other, "Discard"))
    (aside,) = root().glob("discarded-*")
    assert sessions_left(root()) == []
    assert aside.exists()
    long_ago = time.time() - MONTH - 10
    os.utime(aside, (long_ago, long_ago))
    assert sessions_left(root()) == []
    assert not aside.exists()


def test_always_keep_loses_nothing_without_a_question(reader: Person, sit_down: Callable[[], Person], models) -> None:
    window, settings = reader.window, reader.window.settings
    settings.set_preferences(replace(settings.preferences(), asks_before_closing=False))
    window.closing.asks = True
    reader.controller("projects").start()
    one = cut(reader, Node("mlp", 1))
    reader.choose("File", "New Project")
    assert [row[0] for row in rows(reader)] == ["Start"]
    two = cut(reader, Node("mlp", 0))
    window.close()
    assert not window.isVisible()
    assert not reader.dialogs()
    left = sessions_left(root())
    assert sorted(load_project(each.work).steps[-1].words for each in left) == sorted([one, two])
    assert {each.about().kept for each in left} == {True}
    for each in left:
        each.leave()


def test_without_a_place_for_it_that_is_said_and_the_question_comes_back(
    reader: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = reader.window.settings
    settings.set_preferences(replace(settings.preferences(), asks_before_closing=False))
    project = reader.controller("projects")
    monkeypatch.setattr(project.autosave, "_root", tmp_path / "file")
    project.start()
    assert "save the project often" in reader.message()
    cut(reader, Node("mlp", 1))
    reader.window.closing.asks = True
    reader.window.close()
    assert reader.window.isVisible()
    answer(reader, "Cancel")
    reader.window.closing.asks = False
