"""Studies of head sets, as jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QDesktopServices

from app.features.jobs.feature import why_no_study
from app.features.jobs.presenter.study import (
    check_study,
    study_command,
    study_folder,
    study_record,
    study_work,
    unexplained_words,
)
from app.services.job_queue.shown import Shown
from app.services.result_files import ResultFiles
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.project.document import Document
from core.sharded.asked import AskedFolder
from core.sharded.progress import RunProgress
from tests.app.features.jobs.job_steps import ENTRIES
from tests.app.person import Person
from tests.app.stand_in import job
from views.panels.jobs.data import StudyAsked

pytestmark = pytest.mark.timeout(400)


def test_what_a_study_is_told() -> None:
    document = Document("m", precision="bf16")
    told = ("--model", "m", "--precision", "bf16", "--weights", "8bit")
    command = study_command(StudyAsked(text="/t.txt", workers=2), document, "/f", "8bit")
    assert command[:2] == ("study", "icl")
    assert command[2:8] == told
    assert command[8:] == (
        *("--text", "/t.txt", "--by", "mean", "--prompts", "4", "--pieces", "6", "--draws", "20", "--seed", "0"),
        *("--folder", "/f", "--workers", "2"),
    )
    other = StudyAsked(first="previous token", second="function vector")
    command = study_command(other, document, "/f", "auto")
    assert command[1:6] == ("heads", "--first", "previous-token", "--second", "function-vector")
    assert study_folder(other) == "previous token function vector"
    opened = SimpleNamespace(title="T", graph=Graph(1, 2, 2), is_text=True, writes_text=True, takes_ids=False)
    check_study(opened, other)
    with pytest.raises(ArgumentError, match="of one ranking"):
        check_study(opened, replace(other, second="previous token"))
    opened.is_text = False
    assert "sees pictures" in why_no_study(SimpleNamespace(opened=opened))
    with pytest.raises(ArgumentError, match="sees pictures"):
        check_study(opened, other)


def test_the_line_of_a_study_in_the_table_of_runs(tmp_path: Path) -> None:
    work = {"main_kind": "mean", "prompts": 4, "pieces": 6, "draws": 20, "seed": 3}
    asked = {"format": "wirescope sharded run", "version": 1, "asked": {"work": work}}
    (tmp_path / "run.json").write_text(json.dumps(asked))
    outcomes = {
        "copying": {"title": "copying", "unexplained": {"value": 0.34, "low": 0.2, "high": 0.5}},
        "loss": {"title": "loss", "unexplained": {"value": None, "low": None, "high": None}},
        "accuracy": {"title": "accuracy", "unexplained": None},  # the model does not show it
    }
    tasks = [{"left out": ""}, {"left out": "no better than chance"}, {"left out": ""}]
    said = {"scores": {"induction": [], "function vector": []}, "outcomes": outcomes, "tasks": tasks, "text": "t.txt"}
    (tmp_path / "study.json").write_text(json.dumps(said))
    done = Shown(job(tmp_path, kind="study", state="done"), RunProgress(result="study.html", updated=7.0))
    record = study_record(done, Document("of another"))
    assert (record.kind, record.when, record.document) == ("study", 7.0, Document(done.job.model))
    assert (record.by, record.replacement) == ("Heads by induction and function vector", "mean")
    assert record.data == "t.txt, 2 few-shot tasks"
    assert record.options == "unexplained: copying 34 % (20 to 50), loss -"
    assert record.about["asked"] == "prompts 4, pieces 6, draws 20, seed 3"
    assert record.about["file"] == str(tmp_path / "study.html")

    # a file that was changed by hand is said to be none
    for change in ({"outcomes": [3]}, {"text": None, "tasks": 3}, {"outcomes": {"a": {"title": "a"}}}):
        (tmp_path / "study.json").write_text(json.dumps(said | change))
        with pytest.raises(InputError, match="says of no study"):
            study_record(done, Document("m"))


def test_a_study_that_says_nothing_has_no_place_in_the_table_of_runs(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(
        json.dumps({"format": "wirescope sharded run", "version": 1, "asked": {"work": {"main_kind": "luck"}}})
    )
    (tmp_path / "study.json").write_text('{"scores": {}, "outcomes": {}, "tasks": [], "text": "t"}')
    done = Shown(job(tmp_path, kind="study"), RunProgress(result="study.html"))
    with pytest.raises(InputError, match="it knows no ablation 'luck'"):
        study_record(done, Document("m"))
    assert unexplained_words([{"title": "copying", "unexplained": None}]) == "nothing that it shows could be explained"


def test_a_study_is_not_queued_into_the_folder_of_another_one(reader: Person, tmp_path: Path) -> None:
    work = study_work(StudyAsked(pieces=7))
    with AskedFolder(tmp_path / "run") as other:
        other.begin({"work": {**work, "tasks": None}, "weights": "of a model that is not known yet"})
    reader.choose("Edit", ENTRIES["study"])
    dialog = reader.controller("jobs").dialogs["study"].dialog
    dialog.set_folder(str(tmp_path / "run"))
    reader.click(dialog.add)
    reader.wait(dialog.problem.isVisible)
    assert "holds another run: pieces 7 instead of 6. Give another folder" in dialog.problem.text()
    assert reader.controller("jobs").queue.jobs == ()
    dialog.reject()


def test_what_is_no_page_of_a_run_is_not_opened(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place may be told by a project that somebody else has sent."""
    opened, heard = [], []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    reader.workbench.message.connect(heard.append)
    files = ResultFiles(reader.workbench, reader.window)
    (tmp_path / "evil.sh").touch()
    (tmp_path / "study.html").touch()
    for name in ("evil.sh", "study.html", "gone/study.html"):  # of no run
        assert not files.show("page", str(tmp_path / name), Document("m"))
    assert (len(heard), opened) == (3, [])
    assert all(words.startswith("The page of the study is not there any more: ") for words in heard)
    (tmp_path / "run.json").touch()
    page = tmp_path / "study.html"
    assert files.show("page", str(page), Document("m"))
    assert heard[3:] == [f"The page is {page}"], "there is no browser"
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert files.show("page", str(page), Document("m"))
    assert (opened[1:], len(heard)) == ([str(page)], 4)
    assert reader.workbench.document.model != "m", "a page needs no model"
