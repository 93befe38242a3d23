"""Where jobs that are done land: in the project that they were made in, also where that was closed without them."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from app.features.jobs.presenter.rows import status_words
from core.sharded.progress import RunProgress
from tests.app.features.jobs.job_steps import run_folder
from tests.app.person import Person
from tests.app.stand_in import job


def add_done(person: Person, folder: Path, **values: Any) -> None:
    """A job that is done, whose scores lie in its folder."""
    run_folder(folder, person.workbench.opened.graph)
    (folder / "scores").rename(folder / "circuit.json")
    said = RunProgress("done", done=3, total=3, result="circuit.json", updated=time.time())
    (folder / "progress.json").write_text(json.dumps(asdict(said)))
    model = person.workbench.document.model
    person.controller("jobs").queue.add(job(folder, **{"state": "done", "model": model} | values))


def project_at(person: Person, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    person.choose("File", "Save Project As")
    person.wait(lambda: person.workbench.records.place == str(file))
    person.wait(lambda: not person.controller("projects").project.saving.busy)


@pytest.mark.usefixtures("stand_in")
def test_what_becomes_of_what_is_done_is_said_on_the_buttons_that_cancel(reader: Person, tmp_path: Path) -> None:
    queue, folder = reader.controller("jobs").queue, tmp_path / "a"
    key = queue.add(job(folder, state="paused", seconds=1.0))
    reader.rest()
    (folder / "run.json").touch()
    assert status_words(queue.jobs) == ("1 job paused", "Paused jobs: Resume in Jobs goes on with them")

    def answer(words: str) -> str:
        reader.panel("jobs").wanted.emit("cancel", key)
        (box,) = reader.dialogs()
        buttons = {button.text().replace("&", ""): button for button in box.buttons()}
        assert buttons.keys() == {"Cancel, Keep What Is Done", "Cancel, Delete What Is Done", "Do Not Cancel"}
        reader.click(buttons[words])
        reader.wait(lambda: not reader.dialogs())
        return box.informativeText()

    said = answer("Do Not Cancel")
    assert said.startswith(f"What the job has done so far is in the folder {folder}. Where you keep it, Try Again")
    assert queue.jobs[0].job.state == "paused"
    answer("Cancel, Keep What Is Done")
    reader.wait(lambda: queue.jobs[0].job.state == "cancelled")
    assert (folder / "run.json").exists()
    queue.resume(key)
    queue.pause(key)
    reader.wait(lambda: queue.jobs[0].job.state == "paused" and not queue.jobs[0].job.has_process)
    answer("Cancel, Delete What Is Done")
    reader.wait(lambda: not folder.exists())


def landed(person: Person) -> list[bool]:
    return [each.job.landed for each in person.controller("jobs").queue.jobs]


def test_a_line_that_was_lost_with_a_project_that_was_not_saved_comes_again_once(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, file = reader.workbench.runs, tmp_path / "work.wire"
    project_at(reader, file, monkeypatch)
    add_done(reader, tmp_path / "b", project=str(tmp_path / "other.wire"), landed=True)
    reader.rest()
    add_done(reader, tmp_path / "a", project=str(file), landed=True)  # as by another window, which did not save it
    add_done(reader, tmp_path / "c", project=str(file))
    reader.wait(lambda: len(runs) == 1)  # the last one, at once
    reader.wait(lambda: landed(reader) == [True] * 3)
    reader.window.commands["save_project"].trigger()
    reader.wait(lambda: not reader.controller("projects").project.saving.modified)
    for _ in range(2):  # its file has the one, and is opened without the other; it is the same when it is opened again
        reader.controller("projects").project.open(str(file))
        reader.wait(lambda: len(runs) == 2)
        reader.rest()
        reader.window.commands["save_project"].trigger()
        reader.wait(lambda: not reader.controller("projects").project.saving.modified)
    whens = [run.record.when for run in runs]
    assert len(set(whens)) == 2


def test_a_job_of_no_file_lands_in_no_project_that_has_one(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, queue = reader.workbench.runs, reader.controller("jobs").queue
    add_done(reader, tmp_path / "a")
    reader.wait(lambda: len(runs) == 1)
    project_at(reader, tmp_path / "work.wire", monkeypatch)
    reader.wait(lambda: queue.jobs[0].job.project == str(tmp_path / "work.wire"))  # which has its line
    add_done(reader, tmp_path / "b")  # made in another window
    add_done(reader, tmp_path / "c", project=str(tmp_path / "work.wire"))
    reader.wait(lambda: len(runs) == 2)
    reader.rest()
    assert landed(reader) == [True, False, True]
