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
    unexplained_words,
)
from app.services.job_queue.shown import Shown
from app.services.result_files import ResultFiles
from core.errors import ArgumentError, InputError
from core.graph import Graph
from core.project.document import Document
from core.sharded.progress import RunProgress
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


def test_a_study_that_says_nothing_has_no_place_in_the_table_of_runs(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(
        json.dumps({"format": "wirescope sharded run", "version": 1, "asked": {"work": {"main_kind": "luck"}}})
    )
    (tmp_path / "study.json").write_text('{"scores": {}, "outcomes": {}, "tasks": [], "text": "t"}')
    done = Shown(job(tmp_path, kind="study"), RunProgress(result="study.html"))
    with pytest.raises(InputError, match="it knows no ablation 'luck'"):
        study_record(done, Document("m"))
    assert unexplained_words([{"title": "copying", "unexplained": None}]) == "nothing that it shows could be explained"


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
