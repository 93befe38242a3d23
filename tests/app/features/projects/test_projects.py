"""Projects in the window: saved, closed, opened again, and the work goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtWidgets import QFileDialog

from core.graph import Node
from core.notes import Note
from core.project.wire_file import load_project, save_project
from tests.app.features.history.test_history import cut, rows
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person, plain

CONTROL = Qt.KeyboardModifier.ControlModifier


def name_file(monkeypatch: pytest.MonkeyPatch, path: Path | str) -> None:
    """What is chosen in the next file dialogs."""
    for ask in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, ask, lambda *_: (str(path), ""))


def answer(person: Person, words: str, never_again: bool = False) -> str:
    """Answer the question on the screen by a button. Returns what it asks."""
    person.wait(person.dialogs)
    (box,) = person.dialogs()
    asked = box.text()
    if never_again:
        box.checkBox().click()
    next(button for button in box.buttons() if plain(button.text()) == words).click()
    if person.window.isVisible():
        person.window.activateWindow()  # as the window manager does when a dialog closes
        person.wait(lambda: person.window.isActiveWindow() or not person.window.isVisible() or person.dialogs())
    return asked


def jobs_done(person: Person) -> None:
    person.wait(lambda: not len(person.window.jobs))
    person.rest()


def save(person: Person, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name_file(monkeypatch, path)
    person.press(Qt.Key.Key_S, CONTROL, person.window.canvas)
    jobs_done(person)


def dropped(path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    return mime


def test_what_was_saved_is_there_again_and_goes_on(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch
) -> None:
    window, path = reader.window, tmp_path / "work.wire"
    assert not window.isWindowModified()
    one = cut(reader, Node("head", 0, 1))
    reader.choose("Edit", "Undo")
    two = cut(reader, Node("mlp", 1))
    assert window.isWindowModified()
    save(reader, path, monkeypatch)
    assert reader.message() == "Saved work.wire"
    assert (window.windowTitle(), window.isWindowModified()) == ("work[*] - gpt2 - Wirescope", False)
    before, figures = rows(reader), reader.figures()
    reader.choose("Edit", "Undo")
    assert window.isWindowModified()
    reader.choose("Edit", "Redo")
    assert not window.isWindowModified()
    cut(reader, Node("mlp", 0))
    assert window.isWindowModified()
    reader.choose("Edit", "Undo")
    save(reader, path, monkeypatch)  # asks for no name again
    assert not window.isWindowModified()

    reader.window.close()

    project = load_project(path)
    last = len(project.steps) - 1
    of = Note("circuit", str(last), "small")  # which keeps no circuit: it is of one that has gone
    notes = Note("step", str(last), "the last one"), Note("node", "m1", "reads the name", "mover"), of
    docks = tuple(key for key in project.view.docks if key != "trust")
    save_project(path, replace(project, notes=notes, view=replace(project.view, docks=docks)))
    other = sit_down()
    assert other.drop(other.window.canvas, dropped(path))
    jobs_done(other)
    assert other.window.windowTitle() == "work[*] - gpt2 - Wirescope"
    assert other.window.docks["trust"].isHidden()
    assert not other.window.docks["inspector"].isHidden()
    seen = {row[:2] for row in rows(other)}  # with their figures
    assert {row[:2] for row in before} <= seen
    assert {one, two} <= {words for words, _ in seen}
    assert other.figures() == figures
    other.choose("Edit", "Redo")
    assert len(other.edits()) == 2
    other.choose("Edit", "Undo")
    assert not other.window.isWindowModified()
    other.choose("Edit", "Undo")
    other.workbench.editing.toggle(Node("head", 1, 1), "cut")  # a branch, before the last step
    other.rest()
    other.window.commands["save_project"].trigger()
    jobs_done(other)
    again = load_project(path)
    assert again.notes[1] == notes[1]
    assert again.notes[2].text == "small"
    assert again.steps[int(again.notes[0].target)] == project.steps[last], "the note is about the same step"
    assert "work.wire" in [action.text() for action in other.menu("File/Open Recent Project").actions()]
    assert not other.dialogs()


def test_a_project_looks_as_it_was_left(
    reader: Person, sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, path = reader.window, tmp_path / "work.wire"

    def look(person: Person) -> tuple[object, ...]:
        docks = person.window.docks
        sizes = docks["inspector"].width(), docks["history"].height()
        return sizes, person.panel("canvas").level, person.panel("canvas").components.eye()

    first = look(reader)
    assert reader.controller("projects").project.view.view().sizes == {}, "nobody has changed them"
    desk, docks = window.desk, window.docks
    desk.resizeDocks([docks["inspector"], docks["history"]], [380, 160], Qt.Orientation.Horizontal)
    desk.resizeDocks([docks["inputs"], docks["history"]], [360, 240], Qt.Orientation.Vertical)
    reader.rest()
    desk.pulled.emit()  # as the mouse does
    assert reader.controller("projects").project.view.view().sizes
    window.commands["show_plots"].trigger()
    reader.rest()
    canvas = reader.panel("canvas").components
    canvas.zoom_at(2.5, QPointF(200, 120))
    reader.choose("View", "Unfold")
    reader.rest()
    save(reader, path, monkeypatch)
    left = look(reader)
    assert left != first
    window.close()

    other = sit_down()
    other.window.resize(window.size())
    other.wait(lambda: other.window.desk.size() == window.desk.size())
    other.window.arrangement.reset()
    other.controller("projects").project.open(str(path))
    jobs_done(other)
    other.wait(lambda: look(other)[1:] == (left[1], pytest.approx(left[2], rel=1e-6)))
    other.wait(lambda: look(other)[0] == pytest.approx(left[0], abs=4))
    assert other.controller("projects").project.view.view().front == load_project(path).view.front
    assert "plots" in load_project(path).view.front
    assert not other.window.isWindowModified()
    other.controller("projects").project.begin()
    other.rest()
    assert look(other)[1] == "positions", "a new project changes nothing of the window"


def test_a_new_project_keeps_the_question_and_asks_for_what_is_not_saved(
    reader: Person, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "kept"
    cut(reader, Node("mlp", 1))
    reader.window.closing.asks = True
    name_file(monkeypatch, path)
    reader.press(Qt.Key.Key_N, CONTROL, reader.window.canvas)
    assert answer(reader, "Cancel") == "Save your work, 1 step, as a project?"
    assert len(reader.edits()) == 1
    reader.choose("File", "New Project")
    answer(reader, "Save")
    jobs_done(reader)
    reader.wait(lambda: not reader.edits())
    assert [step.words for step in load_project(path.with_suffix(".wire")).steps][-1].startswith("Cut m1")
    assert reader.workbench.document.clean.text == CLEAN
    assert [row[0] for row in rows(reader)] == ["Start"]
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"
    cut(reader, Node("mlp", 0))
    reader.choose("File", "New Project")
    answer(reader, "Don't Save")
    assert not reader.edits()


def test_what_cannot_be_opened_or_saved_is_said_and_nothing_is_lost(
    reader: Person, tmp_path: Path, monkeypatch
) -> None:
    cut(reader, Node("mlp", 1))
    before = reader.workbench.document
    bad = tmp_path / "bad.wire"
    bad.write_bytes(b"no project")
    name_file(monkeypatch, bad)
    reader.choose("File", "Open Project")
    answer(reader, "Don't Save")
    reader.wait(reader.dialogs)
    assert "bad.wire cannot be opened as a project" in reader.dismiss()
    assert reader.workbench.document == before
    save(reader, tmp_path / "no such folder" / "x.wire", monkeypatch)
    assert "The project is not saved." in reader.dismiss()
    assert reader.window.isWindowModified()
    assert reader.controller("projects").project.path is None
    assert bad.read_bytes() == b"no project"


def test_closing_with_work_asks_and_without_closes(
    sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch
) -> None:
    person, path = sit_down(), tmp_path / "work.wire"
    window = person.window
    window.closing.asks = True  # as `run` has it
    person.open(models.gpt2, CLEAN, COUNTERFACTUAL)
    cut(person, Node("mlp", 1))
    window.close()
    answer(person, "Cancel")
    assert window.isVisible()
    person.choose("Edit", "Undo")  # what redo can bring back is work, too
    window.commands["quit"].trigger()
    window.close()  # asks once
    assert window.isVisible()
    name_file(monkeypatch, "")
    answer(person, "Save")  # and then no file is named
    assert window.isVisible()
    window.close()
    name_file(monkeypatch, path)
    answer(person, "Save", never_again=True)
    person.wait(lambda: not window.isVisible())
    assert len(load_project(path).steps) == 2

    other = sit_down()
    window = other.window
    window.closing.asks = True
    assert not window.settings.preferences().asks_before_closing
    other.workbench.models.start(str(path))  # as `wirescope work.wire` does
    jobs_done(other)
    other.choose("Edit", "Redo")
    assert window.isWindowModified()
    window.close()  # is kept without a question
    other.wait(lambda: not window.isVisible())
    assert load_project(path).current == 1
    assert not other.dialogs()

    third = sit_down()
    third.window.closing.asks = True
    settings = third.window.settings
    settings.set_preferences(replace(settings.preferences(), asks_before_closing=True))
    third.open(models.gpt2, CLEAN, COUNTERFACTUAL)
    third.window.close()  # nothing was made
    assert not third.window.isVisible()
    assert not third.dialogs()
