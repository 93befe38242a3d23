"""`wirescope detect`: from a file of ordinary inputs to suspects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resources.models.planted.make import FOLDER
from tests.app.cli.test_watch import written
from tests.app.command_line import code_of
from tests.core.detection.test_hidden import TOKENS, detection, short, texts


def test_a_file_of_ordinary_inputs_gives_suspects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "usual.txt", texts())
    asked = ["detect", "--model", str(FOLDER / "trojan-tuned"), "--clean", file]
    tokens = [word for token in TOKENS for word in ("--token", token)]
    with short():
        assert code_of(*asked, *tokens, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    expected = detection("trojan-tuned")
    assert report["score"] == expected.score
    assert report["suspects"][0]["tokens"] == ["vex"]
    assert report["inputs run"] == expected.runs
    few = written(tmp_path / "few.txt", texts()[:3])
    assert code_of(*asked[:-1], few) == 3
    assert "at most 3 have the same number" in capsys.readouterr().err
