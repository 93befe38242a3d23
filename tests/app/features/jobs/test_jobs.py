"""Traces and evaluations over many pairs in the window: from the dialog to the table of runs, with a stand-in for the
command."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

from app.features.jobs.presenter.evaluation import write_scores
from app.features.jobs.presenter.rows import jobs_data
from app.services.job_queue import process
from app.services.job_queue.shown import Shown, shown
from core.interchange.scores_reading import read_scores
from core.sharded.asked import AskedFolder
from core.sharded.progress import RunProgress
from tests.app.conftest import METRIC
from tests.app.features.jobs.job_steps import is_at_work, line, only, press, queue_a_file, run_folder
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.stand_in import go, job

pytestmark = pytest.mark.timeout(400)


@pytest.mark.usefixtures("stand_in")
def test_from_the_dialog_to_the_table_of_runs(reader: Person, pairs: Path, tmp_path: Path) -> None:
    workbench, strip = reader.workbench, reader.panel("status")
    workbench.compute_in("fp32+8bit")
    reader.rest()
    workbench.commit("Keep 37 edges", replace(workbench.document, size=37))
    reader.rest()
    folder = run_folder(tmp_path / "run", workbench.opened.graph)
    assert not strip.jobs.isVisible()
    queue_a_file(reader, pairs, folder)
    method = reader.controller("jobs").dialogs["trace"].dialog.method
    assert method.text().endswith("The weights are rounded to 8 bits, as in the window.")
    reader.wait(lambda: line(reader)[1:6] == ["Runs", "0 of 3", "4.0", "about 1 s", ""])
    assert line(reader)[0] == "EAP-IG, pairs.csv, 3 pairs"
    assert line(reader)[6].endswith("(fp32 with weights in 8 bits)")
    assert strip.jobs.text() == "1 job: 0 %, about 1 s left"
    press(reader, "Pause")
    reader.wait(lambda: line(reader)[1] == "Paused")
    assert strip.jobs.text() == "1 job paused"
    press(reader, "Resume")
    reader.wait(is_at_work(reader))
    go(folder)
    reader.wait(lambda: len(workbench.runs) == 1)
    reader.wait(lambda: line(reader)[5] == "circuit.json, in the table of runs, not saved yet")
    (run,) = workbench.runs
    record, job = run.record, only(reader).job
    assert (record.by, record.pairs, record.size, record.replacement) == ("EAP-IG", 3, 37, "patch")
    assert record.metric == "logit difference of each pair's own answers"
    assert record.seconds == job.seconds > 0
    assert (np.diff(record.circuit.values) <= 0).all(), "the best first"
    assert "--method" in job.command
    assert job.command[job.command.index("--weights") + 1] == "8bit"
    assert f"--metric={METRIC.kind}" in job.command
    assert not strip.jobs.isVisible()
    press(reader, "Result")
    reader.wait(lambda: workbench.document.traced is not None and not workbench.busy)
    assert workbench.document.traced.file == str(folder / "circuit.json")


@pytest.mark.usefixtures("stand_in")
def test_an_evaluation_lands_with_its_figures_and_its_scores_can_be_seen(
    reader: Person, pairs: Path, tmp_path: Path
) -> None:
    workbench = reader.workbench
    reader.wait(lambda: workbench.scored is not None and not workbench.busy)
    values = workbench.scored.scores.values
    points = [
        {"edges": edges, "recovered": recovered, "low": recovered - 0.1, "high": recovered + 0.1}
        for edges, recovered in ((1, 0.3), (20, 0.84), (values.size, 1.0))
    ]
    report = {"curve": points, "cpr": 0.9, "cmd": 0.2, "pairs": 3, "metric": "its metric", "replacement": "patch"}
    folder = tmp_path / "run"
    AskedFolder(folder).begin({})
    (folder / "scores").write_text(json.dumps(report))
    queue_a_file(reader, pairs, folder, "evaluate")
    method = reader.controller("jobs").dialogs["evaluate"].dialog.method.text()
    assert "EAP over this pair. They are there without a trace" in method
    reader.wait(is_at_work(reader))
    job = only(reader).job
    assert job.command[:2] == ("evaluate", str(folder / "scores.json"))
    assert f"--metric={METRIC.kind}" in job.command
    assert read_scores(folder / "scores.json").scores.values.tolist() == values.tolist()
    go(folder)
    reader.wait(lambda: len(workbench.runs) == 1)
    (run,) = workbench.runs
    record = run.record
    assert (record.kind, record.pairs, record.metric, record.cpr, record.cmd) == (
        "evaluation",
        3,
        "its metric",
        0.9,
        0.2,
    )
    assert record.size_at_80 == 20
    assert record.size is None, "nobody has chosen one"
    press(reader, "Result")
    reader.wait(lambda: workbench.document.traced is not None and not workbench.busy)
    assert workbench.document.traced.file == str(folder / "scores.json")
    table = reader.panel("runs")
    reader.wait(lambda: table.isVisible() and len(table.data().rows) == 1)
    (row,) = table.data().rows
    assert row.cells[1:2] + row.cells[3:7] == ("Evaluation", "", "0.90", "0.20", "20")
    assert "circuits of several sizes" in row.no_circuit
    assert "Over 3 pairs\nRecovered: 1 edge 30 % (20 to 40); 20 edges 84 % (74 to 94)" in row.tip
    table.view.selectRow(0)
    assert "queue it again" in table.why_not("rerun")
    reader.rest()
    assert run.record.cpr == 0.9, "the curve over the pair on the cards is another one"


@pytest.mark.usefixtures("stand_in")
def test_an_evaluation_that_comes_to_nothing(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.wait(lambda: reader.workbench.scored is not None and not reader.workbench.busy)
    folder, heard, words, seen = tmp_path / "run", [], [], []
    reader.workbench.message.connect(heard.append)
    reader.choose("Edit", "Evaluate Over Many Pairs")
    controller = reader.controller("jobs").dialogs["evaluate"]
    dialog, queue = controller.dialog, reader.controller("jobs").queue
    busy = dialog.set_busy
    monkeypatch.setattr(dialog, "set_busy", lambda said: (words.append(said), busy(said)))
    dialog.set_file(str(pairs))
    dialog.set_folder(str(folder))

    # the queue cannot be written, or the dialog is closed meanwhile: the scores do not stay in the folder
    with monkeypatch.context() as context:
        context.setattr(queue, "add", lambda job: seen.append((folder / "scores.json").exists()) or "")
        reader.click(dialog.add)
        reader.wait(dialog.add.isEnabled)
    assert words == ["Reading …", "", "Preparing …", ""]
    assert (seen, folder.exists()) == ([True], False)
    prepared, closed = threading.Event(), threading.Event()

    def prepare(snapshot, place: Path) -> tuple[str, ...]:
        names = write_scores(snapshot, place)
        prepared.set()
        assert closed.wait(60)
        return names

    with monkeypatch.context() as context:
        context.setattr(controller, "_kind", replace(controller._kind, prepare=prepare))
        reader.click(dialog.add)
        reader.wait(prepared.is_set)
        assert (folder / "scores.json").exists()
        dialog.reject()
        closed.set()
        reader.wait(lambda: not folder.exists())
    assert queue.jobs == ()
    reader.choose("Edit", "Evaluate Over Many Pairs")
    reader.click(dialog.add)
    reader.wait(lambda: not dialog.isVisible())
    reader.wait(is_at_work(reader))

    # what came out cannot be read: that is said, and the table of runs has nothing of it
    (folder / "scores").write_text('{"curve": 3}')
    go(folder)
    reader.wait(lambda: any("has no place in the table of runs" in said for said in heard))
    reader.rest()
    assert (only(reader).job.state, only(reader).job.landed, len(reader.workbench.runs)) == ("done", False, 0)
    assert line(reader)[5] == "evaluation.json"


def test_an_evaluation_whose_scores_were_deleted_is_not_tried_again(tmp_path: Path) -> None:
    cancelled = job(tmp_path / "run", kind="evaluate", state="cancelled")
    assert jobs_data([shown(cancelled)]).rows[0].why_not["turn"] == "Its scores were deleted: queue it again"
    (tmp_path / "run" / "scores.json").touch()
    assert "turn" not in jobs_data([shown(cancelled)]).rows[0].why_not


def test_what_a_job_does_beside_its_pairs_is_said(tmp_path: Path) -> None:
    running = job(tmp_path / "run", kind="heads", state="running")
    at_work = Shown(running, RunProgress("running", "Function vectors, 40 %", 3, 3))
    assert jobs_data([at_work]).rows[0].cells[5] == "Function vectors, 40 %"
    assert jobs_data([replace(at_work, progress=RunProgress("running", "Heads, 2 of 3", 2, 3))]).rows[0].cells[5] == ""


def test_a_job_whose_progress_cannot_be_read_says_so_and_its_folder_can_be_opened(tmp_path: Path) -> None:
    done = job(tmp_path / "run", state="done")
    assert jobs_data([shown(done)]).rows[0].why_not["folder"] == "Nothing was written into its folder yet"
    (tmp_path / "run" / "progress.json").write_text("{")
    (row,) = jobs_data([shown(done)]).rows
    assert "folder" not in row.why_not
    assert row.why_not["show"] == row.cells[5] == "progress.json in its folder cannot be read"


def test_a_job_whose_progress_cannot_be_read_lands_all_the_same(reader: Person, tmp_path: Path) -> None:
    workbench, heard = reader.workbench, []
    workbench.message.connect(heard.append)
    queue, model = reader.controller("jobs").queue, workbench.document.model
    folder = run_folder(tmp_path / "run", workbench.opened.graph)
    (folder / "progress.json").write_text("{")
    queue.add(job(folder, state="done", model=model, title="one"))
    reader.wait(lambda: any("one has no place in the table of runs: " in said for said in heard))
    assert "circuit.json cannot be read" in heard[-1]
    (folder / "scores").rename(folder / "circuit.json")
    queue.add(job(folder, state="done", model=model, title="other"))
    reader.wait(lambda: len(workbench.runs) == 1)
    record = next(iter(workbench.runs)).record
    assert (record.kind, record.pairs, record.seconds) == ("trace", 3, None)
    assert record.size is None, "nobody has chosen one"
    reader.window.commands["show_jobs"].trigger()
    reader.wait(lambda: len(reader.panel("jobs").data().rows) == 2)
    row = reader.panel("jobs").data().rows[1]
    assert (
        row.cells[5]
        == "progress.json in its folder cannot be read; what came out is in the table of runs, not saved yet"
    )
    assert "show" not in row.why_not


@pytest.mark.usefixtures("stand_in")
def test_it_goes_on_after_the_window_is_closed_and_lands_in_its_project(
    sit_down: Callable[[], Person], models, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sit_down()
    first.open(models.gpt2, CLEAN, COUNTERFACTUAL, METRIC)
    project, folder = tmp_path / "work.wire", run_folder(tmp_path / "run", first.workbench.opened.graph)
    queue_a_file(first, pairs, folder)
    first.wait(is_at_work(first))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(project), ""))
    first.choose("File", "Save Project As")
    first.wait(lambda: only(first).job.project == str(project))
    pid = only(first).job.pid
    first.window.close()
    assert not process.is_alive(pid, process.began(pid))

    second = sit_down()
    second.controller("jobs").start()
    second.wait(is_at_work(second))
    go(folder)
    second.wait(lambda: only(second).job.state == "done")
    assert not only(second).job.landed, "its project is not open"
    second.controller("projects").project.open(str(project))
    second.wait(lambda: len(second.workbench.runs) == 1)
    assert next(iter(second.workbench.runs)).record.pairs == 3
    second.rest()
