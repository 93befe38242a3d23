"""`wirescope checkpoints`: a table, a figure and numbers, step by step."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.app.command_line import code_of
from tests.small_series import small_series

PAIR = ("--clean", "When Mary gave a drink to", "--counterfactual", "When Tom gave a drink to")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    return small_series(tmp_path / "runs")


def test_a_table_a_figure_and_their_numbers(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "out"
    metric = ("--metric", "logit_difference: Mary: John", "--edges", "5")
    assert code_of("checkpoints", str(folder), *PAIR, *metric, "--out", str(out)) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()[:3]] == ["step", "1", "2"]
    assert "recovered: by the 5 edges of step 2" in said
    report = json.loads((out / "checkpoints.json").read_text(encoding="utf-8"))
    assert [each["step"] for each in report["checkpoints"]] == [1, 2]
    assert report["checkpoints"][1]["overlap with the last"] == 1
    table = list(csv.DictReader((out / "checkpoints.csv").read_text(encoding="utf-8").splitlines()))
    assert float(table[0]["metric"]) == report["checkpoints"][0]["metric"]
    assert (out / "checkpoints.svg").read_text(encoding="utf-8").startswith("<svg")


def test_without_inputs_it_lists_the_checkpoints(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert code_of("checkpoints", str(folder)) == 0
    assert str(folder / "checkpoint-2") in capsys.readouterr().out


def test_what_cannot_be_asked_is_said(folder: Path, capsys: pytest.CaptureFixture[str]):
    for arguments, code, words in (
        ((str(folder), "--metric", "kl"), 2, "no inputs to follow"),
        ((str(folder / "nowhere"),), 3, "There is no folder"),
        ((str(folder), "--make"), 2, "--make makes a series that comes with Wirescope"),
        (("bundled:names",), 3, "not made yet"),
        (("bundled:nothing",), 2, "There is no bundled series"),
        (("EleutherAI/pythia-70m", "--revisions", "main,step1"), 3, "has no step in its name"),
        ((str(folder), *PAIR, "--edges", "0"), 2, "A circuit of this graph has 1 to"),
    ):
        assert code_of("checkpoints", *arguments) == code, arguments
        assert words in capsys.readouterr().err
