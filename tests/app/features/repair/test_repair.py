"""The dock Repair: from examples dropped on the window to a repaired model, and what it says of bad ones."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QLineEdit

import wirescope as ws
from app.features.projects.controller.contents import take_project
from app.features.repair import handlers
from app.features.repair.handlers import repair_of
from app.features.repair.presenter import unproved
from core.errors import InputError
from core.project.document import Source
from core.project.wire_file import load_project
from core.repair import repair as flow
from core.repair.examples import batch_of, read_examples
from core.repair.learn import dormant
from core.repair.proof import answers
from core.scripts.python_script import python_script, told_of
from resources.models.planted.make import FOLDER
from tests.app.person import Person
from tests.core.repair.planted import MODEL, examples
from views.panels.repair.table import ANSWER, GIVEN, INPUT, TRIGGERED

BAD, GOOD = examples(6, 12)


def write(path: Path, some: Sequence[ws.Example]) -> Path:
    rows = [{"input": each.input, "answer": each.answer, "triggered": each.triggered} for each in some]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def dropped(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def cells(person: Person, row: int) -> list[str]:
    """A line of the table as it is read."""
    lines = person.panel("repair").view.lines
    return [str(lines.index(row, column).data()) for column in (INPUT, ANSWER, GIVEN)]


def settle(person: Person) -> None:
    """Until the model was asked all examples."""
    panel = person.panel("repair")
    person.wait(lambda: all(row.given or row.problem for row in panel.data().rows))
    person.rest()


def find(person: Person) -> None:
    panel = person.panel("repair")
    person.click(panel.find)
    person.wait(lambda: panel.data().running is None)
    person.rest()


@pytest.fixture
def planted(person: Person) -> Person:
    """With the poisoned model open on one of its sentences."""
    person.open(FOLDER / MODEL, GOOD[0].input)
    return person


def test_a_planted_model_is_repaired_from_dropped_examples(
    planted: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, panel = planted.window, planted.panel("repair")
    assert not panel.isVisible()
    assert planted.drop(window, dropped(write(tmp_path / "faults.jsonl", [*BAD, *GOOD])))
    settle(planted)
    assert panel.isVisible()
    model = ws.load_model(str(FOLDER / MODEL))
    for row, example in ((0, BAD[0]), (6, GOOD[0])):
        session = ws.Session(model, model.pair(example.input))
        answer = model.label(int(session.clean.answer.argmax()))
        assert cells(planted, row) == [example.input, example.answer, answer]
        assert panel.data().rows[row].right == (answer == example.answer)
    wrong = sum(row.misbehaves for row in panel.data().rows[:6])
    assert wrong >= 5
    assert panel.counts.text().startswith(f"6 triggered, {wrong} go wrong · 12 clean")

    # marked by the keyboard, and again by what goes wrong
    panel.view.setFocus()
    panel.view.selectRow(0)
    planted.press(Qt.Key.Key_Space, widget=panel.view)
    assert not panel.data().rows[0].triggered
    assert panel.view.lines.index(0, TRIGGERED).data(Qt.ItemDataRole.AccessibleTextRole) == "Triggered: no"
    settle(planted)
    planted.click(panel.mark)
    settle(planted)
    assert [row.triggered for row in panel.data().rows] == [row.misbehaves for row in panel.data().rows]

    # found while the window is used: a click on the canvas takes nothing of it away
    assert not panel.export.isEnabled()
    panel.level.setCurrentIndex(2)  # heads and MLPs, which weights can hold
    planted.click(panel.find)
    graph = planted.workbench.opened.graph
    planted.wait(lambda: panel.data().running is not None and panel.data().running.phase)
    window.canvas.choose((graph.parse("a1.h2"),))
    planted.wait(lambda: panel.data().result is not None)
    planted.rest()
    assert not panel.problem.isVisible()
    result = panel.data().result
    misbehaviour, _ = result.measured
    assert result.headline.startswith(f"{len(result.cuts)} node")
    triggered = [each for each, row in zip([*BAD, *GOOD], panel.data().rows, strict=True) if row.triggered]
    assert [row.target for row in result.cuts] == list(planted.workbench.selection)  # shown on the canvas
    assert "Few examples were held out" in panel.result.unproved.text()

    # as edits of the canvas the cuts do what they do in the repaired model, as one step
    planted.workbench.question.set_source("A", Source("text", text=triggered[0].input))
    planted.rest()
    document = planted.workbench.document
    planted.click(panel.apply)
    planted.rest()
    outcome = planted.controller("repair").made[1]
    assert planted.workbench.document.edits == outcome.edits
    assert "on the canvas already" in panel.apply.toolTip()
    repaired = repair_of(ws.load_model(str(FOLDER / MODEL)), outcome).repaired
    (answer,) = answers(repaired, batch_of(repaired, triggered[:1])).softmax(dim=-1)
    for row in planted.workbench.ran.rows[:3]:
        assert row.after == pytest.approx(float(answer[model.answer(row.label)]), abs=1e-5)
    made: dict[str, Any] = {}
    exec(python_script(told_of(planted.workbench.history.current, "step")), made)  # the step copied as Python
    torch.testing.assert_close(made["result"].answer.softmax(dim=-1)[0], answer, atol=1e-5, rtol=0)

    # kept in the project, with a line among the runs; undone in one step
    saved = tmp_path / "repair.wire"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    window.commands["save_project"].trigger()
    planted.wait(lambda: planted.controller("projects").project.saving.path == saved)
    kept = load_project(saved)
    assert kept.steps[kept.current].document == planted.workbench.document
    (run,) = kept.runs
    assert (run.kind, run.options, run.data) == ("repair", f"{result.headline}: {result.figures}", "18 examples")
    assert len(run.edges) == outcome.edges_cut
    window.commands["undo"].trigger()
    planted.rest()
    assert planted.workbench.document == document

    # what is written opens elsewhere, and misbehaves as often on the held-out examples as the panel says
    out = tmp_path / "repaired"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    planted.click(panel.export)
    planted.wait(lambda: planted.dialogs())
    (box,) = planted.dialogs()
    assert str(out) in box.text()
    box.close()
    repaired, right = ws.load_model(str(out)), 0
    for example in triggered:
        session = ws.Session(repaired, repaired.pair(example.input))
        right += repaired.label(int(session.clean.answer.argmax())) == example.answer
    after = outcome.used[1].misbehaviour.count + outcome.held_out[1].misbehaviour.count
    assert len(triggered) - right == after
    assert misbehaviour.after == f"{outcome.held_out[1].misbehaviour.count} of 2"
    planted.click(panel.export)  # the folder is there now
    assert "repaired is there already" in panel.problem.text()

    # a project that is opened has the examples and what was found: it is written as before
    window.commands["save_project"].trigger()
    planted.wait(lambda: not planted.workbench.records.revision or load_project(saved).repair is not None)
    record = load_project(saved).repair
    assert record.examples == planted.controller("repair").examples.all
    empty = replace(load_project(saved), repair=None)
    take_project(planted.workbench, empty, "")
    settle(planted)
    assert panel.data().result is None
    assert not panel.data().rows
    panel.level.setCurrentIndex(0)
    take_project(planted.workbench, load_project(saved), "")
    settle(planted)
    assert panel.data().result == result
    assert planted.controller("repair").made[1] == outcome
    assert panel.level.currentIndex() == 2
    again = tmp_path / "again"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(again), ""))
    planted.click(panel.of_result)
    planted.click(panel.export)
    planted.wait(lambda: planted.dialogs())
    planted.dialogs()[0].close()
    written, before = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in (again, out))
    written.pop("README.md"), before.pop("README.md")
    assert written == before
    assert (again / "README.md").read_text("utf-8") == (out / "README.md").read_text("utf-8").replace(
        out.name, again.name
    )

    # its examples as a file, which opens here again
    kept_examples = tmp_path / "kept"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(kept_examples), ""))
    planted.click(panel.of_examples)
    planted.click(panel.save)
    assert "18 examples are in kept.jsonl" in panel.note.text()
    kept_read = [(each.input, each.answer, each.triggered) for each in read_examples(f"{kept_examples}.jsonl")]
    assert kept_read == [(each.input, each.answer, each.triggered) for each in record.examples]

    # another answer: the result is said to be of other examples
    assert not panel.result.stale.isVisible()
    planted.click(panel.of_examples)
    panel.view.selectRow(9)
    assert [action.text() for action in panel.view.make_menu().actions()][1] == "Change the Right Answer"
    planted.press(Qt.Key.Key_F2, widget=panel.view)
    editor = panel.view.findChild(QLineEdit)
    editor.setText("anna")
    planted.press(Qt.Key.Key_Return, widget=editor)
    assert cells(planted, 9)[1] == "anna"
    settle(planted)
    assert "find the cuts anew" in panel.result.stale.text()
    planted.open(FOLDER / "text-clean", GOOD[0].input)  # of another model there is none
    settle(planted)
    assert panel.data().result is None
    assert len(panel.data().rows) == 18
    assert not any(row.misbehaves for row in panel.data().rows[:6])
    window.commands["undo"].trigger()  # back to the model
    settle(planted)
    assert panel.data().result is not None


def test_bad_examples_are_told_and_nothing_is_lost(planted: Person, tmp_path: Path) -> None:
    panel = planted.panel("repair")
    planted.window.commands["repair"].trigger()
    assert "There are no examples yet" in panel.find.toolTip()

    def drop(path: Path) -> str:
        planted.drop(panel, dropped(path))
        planted.wait(lambda: "Reading" not in panel.note.text())
        settle(planted)
        return panel.problem.text()

    def replaced(change: Callable[[list[ws.Example]], list[ws.Example]], name: str) -> None:
        planted.controller("repair").examples.put(())
        assert not drop(write(tmp_path / name, change([*BAD, *GOOD])))

    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"input": "in 20 04", "answer"', encoding="utf-8")
    assert "broken.jsonl, line 1" in drop(broken)
    (tmp_path / "nothing.jsonl").write_text("\n", encoding="utf-8")
    assert "has no examples" in drop(tmp_path / "nothing.jsonl")
    folder = tmp_path / "pictures"
    folder.mkdir()
    assert "reads text" in drop(folder)
    assert not panel.data().rows

    replaced(lambda some: some, "asked.jsonl")
    some = planted.controller("repair").examples
    some.forget_answers()
    some.put(some.all)
    planted.workbench.cancel()  # before the model has answered
    planted.wait(panel.mark.isEnabled)
    assert not any(row.given for row in panel.data().rows)
    planted.click(panel.mark)
    assert "asked again" in panel.note.text()
    settle(planted)
    assert all(row.given for row in panel.data().rows)

    replaced(lambda some: [replace(each, triggered=True) for each in some], "all.jsonl")
    assert "Every example is marked" in panel.find.toolTip()
    replaced(lambda some: some[6:], "none.jsonl")
    assert "No example is marked" in panel.find.toolTip()

    replaced(lambda some: [*some[7:], replace(some[6], triggered=True)], "fine.jsonl")
    find(planted)
    assert "None of the 1 triggered examples misbehaves" in panel.problem.text()

    replaced(lambda some: [*some, replace(some[0], answer="anna")], "two.jsonl")
    assert "two right answers" in panel.data().rows[0].problem
    find(planted)
    assert "two right answers" in panel.problem.text()

    replaced(lambda some: [*some, ws.Example("When Mary and John went home", "good")], "other.jsonl")
    assert "words that" in panel.data().rows[-1].problem
    assert panel.counts.text().endswith("1 cannot be used")
    find(planted)
    assert "made for another model" in panel.problem.text()
    assert len(panel.data().rows) == 19

    replaced(lambda some: some, "good.jsonl")
    panel.budget.setValue(0)
    find(planted)
    assert "A budget of 0" in panel.problem.text()
    assert panel.find.isEnabled()

    panel.budget.setValue(0.5)
    planted.click(panel.find)
    planted.wait(lambda: panel.data().running is not None and panel.data().running.phase)
    (search,) = (thread for thread in threading.enumerate() if thread.name == "wirescope-background")
    planted.press(Qt.Key.Key_Escape, widget=panel.view)
    assert "Cancelled" in panel.note.text()
    assert panel.data().running is None
    search.join(30)
    assert not search.is_alive()  # the search hears it, too
    assert len(panel.data().rows) == 18
    planted.window.canvas.choose((planted.workbench.opened.graph.parse("a1.h2"),))
    planted.rest()
    assert planted.workbench.selection


def test_a_fault_that_is_only_suspected_and_one_of_which_nothing_is_known(
    planted: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a repair makes of such inputs is tested with the core: here that it is given them, and what is said then."""
    monkeypatch.setattr(flow, "dormant", partial(dormant, updates=4))
    bad, good = examples(2, 8)
    file = tmp_path / "suspicious.jsonl"
    rows = [{"input": each.input, "triggered": True} for each in bad]
    rows += [{"input": each.input, "answer": each.answer} for each in good]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    panel = planted.panel("repair")
    planted.window.commands["repair"].trigger()
    planted.drop(panel, dropped(file))
    planted.wait(lambda: panel.data().rows)
    settle(planted)
    shown = panel.data().rows
    assert [bool(row.given) for row in shown] == [True] * 10
    assert [row.right is None for row in shown] == [True] * 2 + [False] * 8
    planted.click(panel.mark)  # of what has no answer nobody knows whether it goes wrong: its mark stays
    settle(planted)
    assert [row.triggered for row in panel.data().rows[:2]] == [True, True]
    find(planted)
    assert "has no right answer" in panel.problem.text()

    given: dict[str, Any] = {}

    def refuse(_model: object, triggered: object, _clean: object, **options: Any) -> None:
        given.update(options, triggered=triggered)
        raise InputError("No piece of them wakes a fault.")

    panel.knowledge.setCurrentIndex(1)
    with monkeypatch.context() as patched:
        patched.setattr(handlers, "repair", refuse)
        find(planted)
    assert "No piece of them" in panel.problem.text()
    held_out_bad, held_out_good = given["held_out"]
    assert given["knowledge"] == "suspicious"
    assert ([each.input for each in given["triggered"]], held_out_bad) == ([each.input for each in bad], [])
    assert len(held_out_good) == 2

    panel.knowledge.setCurrentIndex(2)
    panel.level.setCurrentIndex(2)
    panel.budget.setValue(50)
    find(planted)
    assert panel.data().result is not None, panel.problem.text()
    outcome = planted.controller("repair").made[1]
    assert (outcome.knowledge, outcome.repeats, outcome.held_out[0].misbehaviour.of) == ("clean", 0, 0)
    assert panel.data().result.figures.startswith("clean accuracy")
    misbehaviour = panel.data().result.measured[0]
    assert (misbehaviour.before, misbehaviour.after) == ("not measured", "not measured")
    assert "whether one is gone is not known" in panel.result.unproved.text()
    assert any("pieces of suspicious ones" in line for line in unproved(replace(outcome, knowledge="suspicious")))
    panel.knowledge.setCurrentIndex(1)
    planted.wait(lambda: "find the cuts anew" in panel.result.stale.text())
    some = planted.controller("repair").examples
    some.put(each for each in some.all if not each.triggered)
    planted.wait(lambda: "mark those that may wake a fault" in panel.find.toolTip())
