"""`wirescope study modalities`: the same questions to a model of text and to one that sees."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

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


def test_what_cannot_be_asked_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = ("study", "modalities", "--text", "bundled:shapes", "--image", "bundled:names")
    assert code_of(*wrong) == 2
    assert "sees and does not read text" in capsys.readouterr().err
    assert code_of(*ASKED, "--pairs", "1") == 2
    assert "at least 2 pairs" in capsys.readouterr().err
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert code_of(*ASKED, "--out", str(file)) == 3  # before any work
    assert "cannot be made" in capsys.readouterr().err
