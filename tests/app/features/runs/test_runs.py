"""The dock Runs in the window: what was traced, evaluated and measured is there as lines."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from app.features.runs import controller as runs_controller
from app.features.runs.presenter import row_of
from app.messages.replies import CurveReply
from core.edits import Edit
from core.formatting import number
from core.graph import Node
from core.project.document import Document
from core.project.runs import RunRecord
from core.project.trace_choice import TraceChoice
from core.project.wire_file import load_project
from tests.app.conftest import METRIC
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from views.panels.runs.data import COLUMNS

TITLES = [column.title for column in COLUMNS]


def trace(person: Person, method: str) -> None:
    before = len(person.workbench.runs)
    person.workbench.traces.begin("Trace", TraceChoice(method))
    person.wait(lambda: len(person.workbench.runs) > before and list(person.workbench.runs)[-1].record.cpr is not None)
    person.rest()


def lines(person: Person) -> list[dict[str, str]]:
    """The table as it is read."""
    model = person.panel("runs").view.lines
    return [
        {title: model.index(line, place).data() for place, title in enumerate(TITLES)}
        for line in range(model.rowCount())
    ]


def place_of(person: Person, line: int) -> QPoint:
    view = person.panel("runs").view
    return view.visualRect(view.lines.index(line, 1)).center()


def click(person: Person, line: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    person.click(person.panel("runs").view.viewport(), place_of(person, line), modifier)


@pytest.fixture
def runs(reader: Person) -> Person:
    """Two traces, and the dock is open."""
    for method in ("eap", "eap-ig"):
        trace(reader, method)
    reader.press(Qt.Key.Key_F12, widget=reader.window)
    reader.wait(lambda: len(lines(reader)) == 2)
    return reader


def test_runs_stand_there_and_are_gone_back_to(runs: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, workbench = runs.panel("runs"), runs.workbench
    curve = runs.circuit().curve
    newest, first = lines(runs)
    assert (newest["Method"], first["Method"]) == ("EAP-IG", "EAP")
    record = list(workbench.runs)[-1].record
    assert f"CPR {number(record.cpr)}" in curve.words
    assert f"CMD {record.cmd:.2f}" in curve.words
    enough = [size for size, share in zip(curve.sizes, curve.recovered, strict=True) if share >= 0.8]
    assert record.size_at_80 == enough[0]
    assert newest["Size at 80 %"] == f"{enough[0]:,}"
    assert newest["Edges"] == f"{workbench.document.size:,}"
    assert record.circuit.edges.tolist() == workbench.scored.ranking.kept(workbench.document.size).tolist()
    assert float(newest["Seconds"]) >= 0

    # the step of the first, and back
    document = workbench.document
    heard: list[str] = []
    workbench.message.connect(heard.append)
    click(runs, 1)
    runs.click(panel.buttons["show"])
    runs.rest()
    assert f"The trace of {first['When']} is shown." in heard
    assert workbench.document.traced == TraceChoice("eap")
    assert runs.circuit().kept.size == workbench.document.size
    click(runs, 0)
    runs.press(Qt.Key.Key_Return, widget=panel.view)
    assert workbench.document == document

    # what is measured and evaluated stands there, too
    runs.window.commands["measure"].trigger()
    runs.wait(lambda: len(lines(runs)) == 3)
    runs.window.commands["evaluate"].trigger()
    runs.wait(lambda: len(lines(runs)) == 4)
    runs.rest()
    evaluated, scanned, *_ = lines(runs)
    assert (evaluated["Run"], scanned["Run"]) == ("Evaluation", "Scan")
    assert evaluated["CPR"] == newest["CPR"]  # of the same scores
    assert (evaluated["Stability"], scanned["CPR"]) == ("", "")  # one pair tells nothing; single edges have no curve

    # filtered, sorted: what is not known comes last either way
    panel.filter.setText("trace eap-ig")
    assert [line["Run"] for line in lines(runs)] == ["Trace"]
    assert panel.count.text() == "1 of 4 runs"
    panel.filter.clear()
    for _ in range(2):
        panel.view.sort_by(TITLES.index("CPR"))
        shown = [float(line["CPR"]) for line in lines(runs) if line["CPR"]]
        assert shown in (sorted(shown), sorted(shown, reverse=True))
        assert lines(runs)[-1]["Run"] == "Scan"

    target = tmp_path / "runs.csv"
    monkeypatch.setattr(runs_controller, "ask_save", lambda *_: (str(target), ""))
    runs.click(panel.buttons["export"])
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [row["kind"] for row in rows] == ["trace", "trace", "scan", "evaluation"]
    assert float(rows[1]["cpr"]) == record.cpr


def test_a_run_is_made_anew_at_its_step(runs: Person) -> None:
    panel, workbench = runs.panel("runs"), runs.workbench
    scores = workbench.scored.values
    workbench.commit("Cut", workbench.document.with_edit(Edit(Node("head", 0, 1), "patch")))
    runs.rest()
    assert not panel.buttons["rerun"].isEnabled()  # no line is chosen
    click(runs, 0)
    runs.click(panel.buttons["rerun"])
    runs.wait(lambda: len(workbench.runs) == 3)
    runs.rest()
    former, again = (run.record for run in list(workbench.runs)[1:])
    assert workbench.scored.values is not scores  # they were made once more, and are the same
    assert workbench.scored.values == pytest.approx(scores)
    assert (again.by, again.edges.tolist(), again.cpr) == (former.by, former.edges.tolist(), former.cpr)
    for kind, action in (("scan", "measure"), ("evaluation", "evaluate")):
        before = len(workbench.runs)
        runs.window.commands[action].trigger()
        runs.wait(lambda before=before: len(workbench.runs) == before + 1)
        runs.rest()
        click(runs, 0)
        runs.click(panel.buttons["rerun"])
        runs.wait(lambda before=before: len(workbench.runs) == before + 2)
        assert [run.record.kind for run in list(workbench.runs)[-2:]] == [kind, kind]
        runs.rest()


def test_the_project_keeps_them(runs: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, workbench = runs.controller("projects").project, runs.workbench
    path = tmp_path / "work.wire"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    runs.window.commands["save_project"].trigger()
    runs.wait(lambda: project.saving.path == path)
    kept = load_project(path)
    assert [run.by for run in kept.runs] == ["EAP", "EAP-IG"]
    assert [kept.steps[run.step].document.traced.method for run in kept.runs] == ["eap", "eap-ig"]
    assert not project.modified
    project.begin()
    runs.rest()
    assert len(workbench.runs) == 0
    project.open(str(path))
    runs.wait(lambda: len(workbench.runs) == 2)
    runs.rest()
    assert [run.record for run in workbench.runs] == list(kept.runs)
    runs.wait(lambda: len(lines(runs)) == 2)
    click(runs, 1)
    assert runs.panel("runs").view.numbers() == [0]
    other = shutil.copy(path, tmp_path / "other.wire")
    project.open(str(other))
    runs.wait(lambda: workbench.records.place == str(other) and len(workbench.runs) == 2)
    runs.rest()
    assert (len(lines(runs)), runs.panel("runs").view.numbers()) == (2, []), "its runs are others"
    click(runs, 1)  # a state that the window was not in since it was opened
    runs.click(runs.panel("runs").buttons["show"])
    runs.rest()
    assert workbench.document.traced == TraceChoice("eap")


def test_a_run_of_another_model_is_gone_back_to_and_made_anew(runs: Person, models: SimpleNamespace) -> None:
    workbench, controller = runs.workbench, runs.controller("runs")
    former = workbench.document.model
    runs.open(models.llama, CLEAN, COUNTERFACTUAL, METRIC)
    trace(runs, "eap")
    first, _, other = list(workbench.runs)
    assert other.record.document.model == str(models.llama)
    controller.rerun(first)
    runs.wait(lambda: len(workbench.runs) == 4)
    runs.rest()
    again = list(workbench.runs)[-1].record
    assert (again.document.model, workbench.opened.name) == (former, former)
    assert again.edges.tolist() == first.record.edges.tolist()
    controller.show(other)
    runs.rest()
    assert workbench.opened.name == str(models.llama)


def test_a_run_whose_step_is_gone_comes_back_as_a_step(runs: Person) -> None:
    workbench = runs.workbench
    run = next(iter(workbench.runs))
    wanted, start = run.record.document, workbench.history.root
    workbench.history.go(start)
    start.children.clear()
    start.latest = None
    runs.rest()
    assert runs.controller("runs").show(run)
    runs.rest()
    assert workbench.document == wanted
    assert workbench.history.current.words == "Back to: trace by EAP"
    workbench.history.undo()
    assert workbench.document == start.document


def test_a_line_says_what_is_not_known() -> None:
    document = Document("m", traced=TraceChoice("eap"))
    row = row_of(0, RunRecord("scan", 0.0, document, "zero", "5 edges measured"), replace(document, size=3))
    cells = dict(zip(TITLES, row.cells, strict=True))
    assert (cells["CPR"], cells["Edges"], cells["Replacement"], cells["Data"]) == ("", "", "zero", "")
    assert not row.present
    assert "no circuit" in row.no_circuit
    over_others = replace(document, traced=TraceChoice("eap", file="/run/circuit.json"))
    row = row_of(0, RunRecord("trace", 0.0, over_others, "zero", "EAP", pairs=3), document)
    assert dict(zip(TITLES, row.cells, strict=True))["Edges"] == ""
    assert "no size of a circuit was chosen" in row.no_circuit


def test_the_oldest_circuits_go_where_there_are_too_many(runs: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    size = runs.workbench.document.size
    monkeypatch.setattr("app.workbench.runs.MOST_BYTES", 16 * size + 8)
    runs.workbench.runs.add("trace", 1.0)
    runs.wait(lambda: len(lines(runs)) == 3)
    kept = [run.record.edges is not None for run in runs.workbench.runs]
    assert kept == [False, False, True]
    click(runs, 2)
    click(runs, 0, Qt.KeyboardModifier.ControlModifier)
    button = runs.panel("runs").buttons["compare"]
    assert not button.isEnabled()
    assert "not kept any more" in button.toolTip()


def test_a_curve_that_comes_after_nodes_were_traced_is_of_the_edges(runs: Person) -> None:
    workbench = runs.workbench
    nodes = replace(workbench.document, traced_nodes=TraceChoice("eap", level="nodes"))
    workbench.commit("Trace nodes", nodes)
    runs.rest()
    latest = list(workbench.runs)[-1].record
    late = CurveReply(0, (4, 9), (0.5, 0.9), np.zeros((2, 2)), 0.25, 0.75, latest.replacement, latest.by)
    workbench.runs._take_curve(late)
    record = list(workbench.runs)[-1].record
    assert (record.cpr, record.cmd, record.size_at_80) == (0.25, 0.75, 9)
