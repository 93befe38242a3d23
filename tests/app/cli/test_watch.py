"""`wirescope watch`: from files of inputs to alarms and a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wirescope as ws
from resources.models.planted.make import FOLDER
from tests.app.command_line import code_of
from tests.core.detection.test_watch import texts
from tests.core.repair.planted import MODEL, planted


def written(file: Path, rows: list[str]) -> str:
    file.write_text("\n".join(rows), encoding="utf-8")
    return str(file)


def test_a_file_of_ordinary_inputs_judges_another_and_leaves_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference, calm, triggered = texts()
    asked = ("watch", "--model", str(FOLDER / MODEL), "--reference", written(tmp_path / "usual.txt", reference))
    inputs = written(tmp_path / "new.txt", [calm[0], triggered[0], triggered[1]])
    out = tmp_path / "monitor"
    assert code_of(*asked, "--inputs", inputs, "--out", str(out), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["alarm"] for row in report["inputs"]] == [False, True, True]
    assert (
        report["inputs"][1]["score"]
        > report["threshold"]
        == json.loads((out / "monitor.json").read_text())["threshold"]
    )

    circuit = tmp_path / "circuit.json"
    edges = ["m1->m3", "m0->m1", "input->m0"]
    circuit.write_text(ws.circuit_of(planted().graph, edges).to_json(), encoding="utf-8")
    assert code_of(*asked, "--inputs", inputs, "--circuit", str(circuit), "--edges", "2") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 parts watched; statistics from 60 reference inputs")
    assert "alarm" in printed.splitlines()[4]

    for more, code, words in (
        ((), 2, "nothing to do with the monitor"),
        (("--out", str(out)), 3, "is not empty"),
        (("--inputs", inputs, "--false-alarms", "0.001"), 3, "needs 1998"),
        (("--inputs", inputs, "--edges", "3"), 2, "and --circuit"),
        (("--inputs", str(tmp_path / "none.txt")), 3, "none.txt"),
    ):
        assert code_of(*asked, *more) == code
        assert words in capsys.readouterr().err
