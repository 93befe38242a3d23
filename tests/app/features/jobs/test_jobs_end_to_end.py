"""Jobs of all kinds with the commands themselves, from their dialogs to the table of runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices

from app.services.job_queue.job import Job
from core.project.metric_choice import MetricChoice
from tests.app.features.jobs.job_steps import ENTRIES, only_of, press
from tests.app.person import Person

pytestmark = pytest.mark.timeout(400)


@pytest.mark.slow  # four real commands, each of which imports torch and opens a model
def test_the_commands_themselves_do_what_was_queued(
    sit_down: Callable[[], Person], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    person = sit_down()
    france, germany = "The capital of France is", "The capital of Germany is"
    person.open("bundled:names", france, germany, MetricChoice("logit_difference", " Paris", " Berlin"))
    workbench, runs = person.workbench, person.workbench.runs

    def queue_a_task(kind: str) -> None:
        person.choose("Edit", ENTRIES[kind])
        dialog = person.controller("jobs").dialogs[kind].dialog
        dialog.task.setCurrentIndex(dialog.task.findData("capitals"))
        dialog.pairs.setValue(4)
        person.click(dialog.add)
        person.wait(lambda: not dialog.isVisible())

    queue_a_task("trace")
    person.wait(lambda: len(runs) == 1)
    press(person, "Result")
    person.wait(lambda: workbench.document.traced is not None and workbench.document.traced.file)
    person.rest()
    queue_a_task("evaluate")
    person.wait(lambda: len(runs) == 2)
    traced, evaluated = (run.record for run in runs)
    assert (traced.kind, traced.pairs, traced.by, traced.cpr) == ("trace", 4, "EAP-IG", None)
    assert (evaluated.kind, evaluated.pairs, evaluated.by) == ("evaluation", 4, "EAP-IG")
    assert evaluated.size_at_80 is not None
    assert 0 < evaluated.size_at_80 < workbench.opened.graph.n_edges
    assert traced.values is evaluated.values is None, "nobody has chosen a size"
    jobs = [each.job for each in person.controller("jobs").queue.jobs]
    assert [(each.state, each.has_run) for each in jobs] == [("done", True)] * 2
    queue_a_task("heads")
    person.wait(lambda: len(runs) == 3)
    cards = list(runs)[-1].record
    assert (cards.kind, cards.pairs, cards.data) == ("heads", 4, "the A of 4 pairs of the task capitals")
    workbench.heads_wanted.emit(cards.about["file"])
    dock = person.panel("heads")
    person.wait(lambda: bool(dock.data().source))
    assert cards.options in dock.data().headline
    assert dock.data().problem == "", "the weights are the same"

    person.choose("Edit", ENTRIES["study"])
    dialog = person.controller("jobs").dialogs["study"].dialog
    dialog.second.setCurrentIndex(dialog.second.findText("none"))
    for box in (dialog.prompts, dialog.pieces, dialog.draws):
        box.setValue(2)
    person.click(dialog.add)
    person.wait(lambda: len(runs) == 4)
    study = list(runs)[-1].record
    assert (study.kind, study.by, study.replacement) == ("study", "Heads by induction", "mean")
    assert study.data == "sentences as the model was trained on, of another seed, 0 few-shot tasks"
    assert re.fullmatch(r"unexplained: copying \d+ % \(\d+ to \d+\)", study.options)
    assert study.about["asked"] == "prompts 2, pieces 2, draws 2, seed 0"
    job = only_of(person, "study").job
    assert job.command[:4] == ("study", "heads", "--first", "induction")
    panel, before = person.panel("jobs"), workbench.document
    row = next(row for row in panel.data().rows if row.key == job.key)
    assert row.cells[0] == "Study of induction heads, 2 prompts a task, 2 pieces"
    assert (row.cells[2], row.cells[3], row.cells[5]) == (
        "100 %",
        "",
        "study.html, in the table of runs, not saved yet",
    )
    panel.wanted.emit("show", job.key)
    table = person.panel("runs")
    person.window.commands["show_runs"].trigger()
    person.wait(lambda: len(table.data().rows) == 4)
    table.view.selectRow(0)
    person.click(table.buttons["show"])
    assert opened == [str(Path(job.folder) / "study.html")] * 2
    assert workbench.document == before
    folder = Path(jobs[1].folder)

    # each may go on in its folder
    again: list[Job] = []
    monkeypatch.setattr(person.controller("jobs").queue, "add", lambda job: again.append(job) or "")
    jobs = [each.job for each in person.controller("jobs").queue.jobs]
    for job in jobs:
        person.choose("Edit", ENTRIES[job.kind])
        dialog = person.controller("jobs").dialogs[job.kind].dialog
        dialog.set_folder(job.folder)
        person.click(dialog.add)
        person.wait(dialog.add.isEnabled)
        assert not dialog.problem.isVisible()
        dialog.reject()
    assert [job.command for job in again] == [job.command for job in jobs]
    assert json.loads((folder / "evaluation.json").read_text())["curve"][-1]["recovered"] == pytest.approx(1)
