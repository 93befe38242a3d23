"""`wirescope study modalities`: the same questions to a model of text and to one that sees."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from app.services.job_queue.store import delete_run
from core.sharded.asked import read_run
from core.sharded.progress import read_progress
from core.sharded.query import query
from core.studies.kept_results import KeptResults
from tests.app.command_line import code_of

ASKED = ("study", "modalities", "--text", "bundled:names", "--image", "bundled:shapes")
SMALL = ("--pairs", "2", "--inputs", "4", "--edges", "4", "--method", "eap")


def test_a_table_a_figure_and_their_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.studies.sparsity.SIZES", 6)
    monkeypatch.setattr("core.studies.estimate.DRAWS", 40)
    folder = tmp_path / "new" / "folder"
    assert code_of(*ASKED, *SMALL, "--out", str(folder)) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[2].split() == ["names,", "text", "shapes,", "pictures"]
    assert max(map(len, lines[2:20])) <= 80
    assert "no difference between text and sight" in out
    report = json.loads((folder / "modalities.json").read_text(encoding="utf-8"))
    names, shapes = report["models"]
    assert (names["task"], shapes["task"]) == ("ioi", "shapes")
    assert names["measures"]["later"]["value"] == 0  # it may not look there
    assert names["measures"]["row"]["value"] is None
    assert shapes["measures"]["later"]["value"] > 0.3
    for model in report["models"]:
        assert model["decides by depth"]["changed"][0] == pytest.approx(1, abs=1e-3)
        assert model["decides by depth"]["read"][-1] == 1
        measures = model["measures"]
        assert 0 < measures["edges"]["value"] <= 1
        assert measures["edges"]["low"] <= measures["edges"]["value"] <= measures["edges"]["high"]
    assert "| Depth: information meets |" in (folder / "modalities.md").read_text(encoding="utf-8")
    figure = ElementTree.parse(folder / "modalities.svg").getroot()
    words = [each.text for each in figure.iter() if each.text]
    assert "Depth: information meets" in words
    assert any(each.startswith("bundled:shapes, pictures") for each in words)


def test_a_study_that_is_stopped_says_how_it_goes_on_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.studies.sparsity.SIZES", 6)
    monkeypatch.setattr("core.studies.estimate.DRAWS", 40)
    folder, keep = tmp_path / "run", KeptResults.keep
    command = (*ASKED, *SMALL, "--folder", str(folder))
    measured: list[str] = []

    def interrupted(self: KeptResults, values: Mapping[str, Any]) -> None:
        keep(self, values)
        measured.extend(values)
        if measured.count("attention 0") == 2:  # of the second model
            raise KeyboardInterrupt

    monkeypatch.setattr(KeptResults, "keep", interrupted)
    assert code_of(*command, "--fresh") == 130
    told = capsys.readouterr().err
    assert f"Stopped; what is done is in {folder}. To go on:\n  wirescope {' '.join(command)}\n" in told
    said = read_progress(folder)
    assert (said.state, said.command, said.unit, said.words) == (
        "stopped", command, "%", f"bundled:shapes, {int(said.done)} %"
    )  # fmt: skip
    assert 50 < said.done < 100
    first = list(measured)

    monkeypatch.setattr(KeptResults, "keep", lambda self, values: (measured.extend(values), keep(self, values)))
    assert code_of(*command, "--json", "--out", str(tmp_path / "out")) == 0
    assert sorted(measured) == sorted([*first[: len(first) - 2]] * 2), "each model's answers once"
    printed = json.loads(capsys.readouterr().out)
    assert json.loads((folder / "study.json").read_text(encoding="utf-8")) == printed
    assert (folder / "study.html").read_text(encoding="utf-8").count("<svg") == 1
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        f"modalities.{ending}" for ending in ("html", "json", "md", "svg")
    ]
    said = read_progress(folder)
    assert (said.state, said.done, said.result, said.seconds_left) == ("done", 100, "study.html", None)
    asked = read_run(folder)
    assert asked["work"]["text"] == ["bundled:names"]
    assert (asked["model"], asked["precision"]) == (["bundled:names", "bundled:shapes"], "fp32")
    assert [len(each) for each in asked["weights"]] == [64, 64]
    (row,) = query("select model, work_what, state from runs", folder).as_records()
    assert (json.loads(row["model"]), row["state"]) == (asked["model"], "done")

    assert code_of(*command, "--seed", "1") == 3
    assert "holds another run: seed 0 instead of 1." in capsys.readouterr().err
    assert code_of(*command, "--text", "bundled:names") == 3
    said_so = capsys.readouterr().err
    assert 'text ["bundled:names"] instead of ["bundled:names", "bundled:names"]' in said_so
    assert "hash of the weights that differs" in said_so
    delete_run(folder)
    assert not folder.exists(), "nothing is left that a run did not write"


def test_what_cannot_be_asked_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ("study", "modalities", "--text", "bundled:shapes", "--image", "bundled:names")
    assert code_of(*wrong) == 2
    assert "sees and does not read text" in capsys.readouterr().err
    assert code_of(*ASKED, "--pairs", "1") == 2
    assert "at least 2 pairs" in capsys.readouterr().err
    assert code_of(*ASKED, "--workers", "0") == 2
    assert "There is at least 1 worker, not 0" in capsys.readouterr().err
    (tmp_path / "notes.txt").touch()
    assert code_of(*ASKED, "--folder", str(tmp_path)) == 3
    assert "holds other files: notes.txt" in capsys.readouterr().err
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert code_of(*ASKED, "--out", str(file)) == 3  # before any work
    assert "cannot be made" in capsys.readouterr().err
