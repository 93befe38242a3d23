"""What the dialogs of jobs over many pairs refuse, and how they read a file of pairs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from app.features.jobs.controller import many_pairs
from core.inputs import dataset_files
from core.inputs.dataset_columns import FileRow
from core.sharded.asked import AskedFolder
from tests.app.features.jobs.job_steps import is_at_work, only, queue_a_file
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.stand_in import go

pytestmark = pytest.mark.timeout(400)


def test_what_cannot_be_queued_is_said_in_the_dialog(
    reader: Person, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.choose("Edit", "Trace Many Pairs")
    controller = reader.controller("jobs").dialogs["trace"]
    dialog = controller.dialog

    def problem_of(file: str, folder: str = "") -> str:
        dialog.set_file(file)
        dialog.set_folder(folder)
        reader.click(dialog.add)
        reader.wait(lambda: dialog.problem.isVisible() and dialog.add.isEnabled())
        return dialog.problem.text()

    empty = tmp_path / "empty.csv"
    empty.write_text("clean,counterfactual\n")
    assert problem_of("") == "No file of pairs is given. Choose one."
    assert "is not there" in problem_of(str(tmp_path / "nowhere.csv"))
    assert "empty.csv" in problem_of(str(empty))
    film = tmp_path / "walk.mp4"
    assert problem_of(f"{film}#every=5").startswith(f"{film} is not there")
    film.write_bytes(b"no film")
    assert problem_of(f"{film}#every=5").startswith("walk.mp4 is no film that can be read"), "it is read as a film"
    assert "holds other files" in problem_of(str(pairs), str(tmp_path))
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "scores.json").touch()
    assert "holds other files" in problem_of(str(pairs), str(lone)), "a trace writes none"
    assert "pairs.csv is a file, not a folder" in problem_of(str(pairs), str(pairs))
    assert "cannot be made" in problem_of(str(pairs), str(pairs / "new"))
    (lone / "run.json").write_text("{}")
    assert "run.json is not of a run of Wirescope" in problem_of(str(pairs), str(lone))
    with AskedFolder(tmp_path / "run") as other:
        other.begin({"work": {"what": "trace", "method": "eap-ig"}, "model": "other", "pairs": {"task": "ioi"}})
    words = problem_of(str(pairs), str(tmp_path / "run"))
    assert f'holds another run: model "other" instead of "{reader.workbench.opened.name}"' in words
    assert 'task "ioi" instead of none' in words
    assert 'file of pairs none instead of "pairs.csv"; number of pairs none instead of 3' in words
    assert words.endswith("Give another folder, or the same options.")
    assert "method" not in words, "that is the same"
    with monkeypatch.context() as context:
        context.setattr(many_pairs, "stream_rows", lambda _path: 1 / 0)
        assert "Something went wrong: division by zero" in problem_of(str(pairs))
    document = reader.workbench.document
    reader.workbench.commit("Joint", replace(document, choice=replace(document.choice, method="acdc")))
    assert "cannot be cut into shards" in problem_of(str(pairs))
    reader.rest()
    assert reader.controller("jobs").queue.jobs == ()
    dialog.reject()


@pytest.mark.usefixtures("stand_in")
def test_a_parquet_file_is_read_row_by_row_until_the_dialog_is_closed(
    reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.choose("Edit", "Trace Many Pairs")
    dialog = reader.controller("jobs").dialogs["trace"].dialog
    ended = threading.Event()

    def endless(_path: Path) -> Iterator[FileRow]:
        try:
            while True:
                yield FileRow(CLEAN)
        finally:
            ended.set()

    row = {"clean": CLEAN, "corrupted": COUNTERFACTUAL, "answer": " Mary", "wrong_answer": " John"}
    table = pyarrow.Table.from_pylist([row] * 3)
    file, folder = tmp_path / "pairs.parquet", tmp_path / "run"
    parquet.write_table(table, file)
    with monkeypatch.context() as context:
        context.setattr(many_pairs, "stream_rows", endless)
        dialog.set_file(str(file))
        reader.click(dialog.add)
        assert not dialog.add.isEnabled()
        dialog.reject()
        reader.wait(dialog.add.isEnabled)
        reader.wait(ended.is_set)
    assert reader.controller("jobs").queue.jobs == ()

    monkeypatch.setattr(dataset_files, "MAX_BYTES", 1)
    queue_a_file(reader, file, folder)
    assert only(reader).job.title == "EAP-IG, pairs.parquet, 3 pairs"
    assert only(reader).job.command[only(reader).job.command.index("--dataset") + 1] == str(file)
    reader.wait(is_at_work(reader))
    go(folder)
    reader.wait(lambda: only(reader).job.state == "done")
    assert "*.parquet" in many_pairs.FILTER
