"""`wirescope study icl` and `wirescope study heads`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.services.job_queue.store import delete_run
from core.errors import InputError
from core.models import loading
from core.sharded.free_folder import check_folder
from core.sharded.progress import read_progress
from core.studies.kept_results import KeptResults
from tests.app.command_line import code_of

SMALL = (
    "--model",
    "bundled:names",
    "--pieces",
    "3",
    "--draws",
    "3",
    "--share",
    "10",
    "--share",
    "20",
    "--task",
    "plural",
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("core.studies.estimate.DRAWS", 40)


def fails(*_: object, **_options: object) -> None:
    """In the place of a step after the first pieces."""
    raise InputError("Nothing comes next.")


def test_a_report_with_its_figures_and_what_it_does_not_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert code_of("study", "icl", *SMALL, "--out", str(folder)) == 0
    out = capsys.readouterr().out
    assert "Tasks left out: Plural (" in out
    assert "Not shown: It is one model." in out
    numbers = json.loads((folder / "icl.json").read_text(encoding="utf-8"))
    lost = {
        key.split("|")[1]: each["share lost"]
        for key, each in numbers["outcomes"]["copying"]["without"].items()
        if key.endswith("|0.2") or "random" in key
    }
    assert lost["induction"]["value"] > 0.6 > 0.3 > lost["random"]["value"]  # and equally many others do not
    assert lost["induction"]["low"] > lost["random"]["high"]
    assert 0 < numbers["outcomes"]["copying"]["unexplained"]["value"] < 1
    page = (folder / "icl.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "What it does not show" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    kept = next((tmp_path / "data" / "studies").glob("*.jsonl"))
    kept.write_text(kept.read_text(encoding="utf-8").replace("screened plural", "screened other"), encoding="utf-8")


def test_two_rankings_of_ones_choice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    load = loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda name, **how: (opened.append(name), load(name, **how))[1])
    file = tmp_path / "heads.txt"
    file.write_text("a3.h0\na3.h1\n", encoding="utf-8")
    given = ("study", "heads", *SMALL, "--first", "induction", "--second", str(file), "--json")
    assert code_of(*given) == 0
    report = json.loads(capsys.readouterr().out)
    sets = {(each["name"], each["share"]): each["heads"] for each in report["sets"]}
    assert sets["heads.txt", 0.1][:2] == ["a3.h0", "a3.h1"]
    assert "induction without heads.txt" in {name for name, _ in sets}
    assert opened == ["bundled:names"], "a file of heads needs no model of its own"
    file.write_text("a3.h0\nm1\n", encoding="utf-8")
    assert code_of(*given) == 3
    assert "heads.txt names 'm1'" in capsys.readouterr().err


def test_what_cannot_be_studied_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short.txt"
    short.write_text("One line.", encoding="utf-8")
    for given, code, words in (
        (("icl", *SMALL, "--text", str(short)), 3, "The text is too short"),
        (("icl", "--model", "bundled:shapes"), 3, "does not tell the next token"),
        (("icl", *SMALL, "--task", "plurals"), 2, "There is no few-shot task 'plurals'"),
        (("icl", *SMALL, "--share", "80"), 2, "at most 50 %"),
        (("icl", *SMALL, "--by", "noise"), 2, "cannot be ablated by 'noise'"),
        (("icl", *SMALL, "--workers", "0"), 2, "There is at least 1 worker, not 0"),
        (("heads", *SMALL, "--first", "luck"), 2, "Heads cannot be ranked by 'luck'"),
        (("heads", *SMALL, "--first", "function-vector"), 3, "does none of these few-shot tasks"),
    ):
        assert code_of("study", *given) == code
        assert words in capsys.readouterr().err


def test_a_study_that_fails_before_anything_is_kept_does_not_claim_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, command = tmp_path / "run", ("study", "icl", *SMALL, "--folder", str(tmp_path / "run"))
    assert code_of(*command, "--draws", "0") == 2
    assert not (folder / "run.json").exists()
    assert read_progress(folder).words in capsys.readouterr().err.replace("\n ", "")
    check_folder(folder)  # another run can have it
    monkeypatch.setattr("core.studies.icl.attention_scores", fails)
    assert code_of(*command) == 3  # the tasks are kept by then
    asked = (folder / "run.json").read_bytes()
    assert code_of(*command, "--draws", "0") == 3
    assert "holds another run: draws 3 instead of 0." in capsys.readouterr().err
    assert (folder / "run.json").read_bytes() == asked


def test_a_text_is_the_same_whatever_path_leads_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "book.txt"
    file.write_text("Mary gave a book to John . " * 400, encoding="utf-8")
    monkeypatch.setattr("core.studies.icl.attention_scores", fails)
    command = ("study", "icl", *SMALL, "--folder", str(tmp_path / "run"), "--text")
    monkeypatch.chdir(tmp_path)
    for path in (str(file), "book.txt"):
        assert code_of(*command, path) == 3
        assert "Nothing comes next." in capsys.readouterr().err
    file.write_text("John gave a book to Mary . " * 400, encoding="utf-8")
    assert code_of(*command, str(file)) == 3
    assert 'holds another run: text "' in capsys.readouterr().err


def test_a_study_that_is_stopped_says_how_it_goes_on_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("study", "icl", *SMALL)
    keep = KeptResults.keep

    def interrupted(self: KeptResults, values: Mapping[str, Any]) -> None:
        keep(self, values)
        if "text 0" in values:
            raise KeyboardInterrupt

    monkeypatch.setattr(KeptResults, "keep", interrupted)
    assert code_of(*command, "--fresh") == 130
    told = capsys.readouterr().err
    assert "Stopped; what is done is kept. To go on:" in told
    assert f"wirescope study icl {' '.join(SMALL)}\n" in told  # it would begin anew with --fresh

    command = (*command, "--folder", str(tmp_path / "run"))
    assert code_of(*command) == 130
    assert f"Stopped; what is done is in {tmp_path / 'run'}. To go on:" in capsys.readouterr().err
    said = read_progress(tmp_path / "run")
    assert (said.state, said.command, said.alive, said.unit) == ("stopped", command, False, "%")
    assert said.words == f"What is lost without each set of heads, {int(said.done)} %"
    assert 20 <= said.done < 90

    measured: list[str] = []
    monkeypatch.setattr(KeptResults, "keep", lambda self, values: (measured.extend(values), keep(self, values)))
    assert code_of(*command, "--json") == 0
    assert measured == ["copying 0"]
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "run" / "study.json").read_text(encoding="utf-8")) == printed
    said = read_progress(tmp_path / "run")
    assert (said.state, said.done, said.result) == ("done", 100, "study.html")
    assert (said.rate, said.seconds_left) == (None, None), "its last part was quick"
    assert (tmp_path / "run" / said.result).read_text(encoding="utf-8").count("<svg") == 2

    account = (tmp_path / "run" / "progress.json").read_bytes()
    assert code_of(*command, "--json") == 0
    assert (tmp_path / "run" / "progress.json").read_bytes() == account, "the time that it took stays"

    assert code_of(*command, "--text", __file__) == 3
    assert "text none instead of" in capsys.readouterr().err
    delete_run(tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a job that is cancelled leaves nothing"
