"""`wirescope dissociate`: the matrix of what cuts leave of every task."""

from __future__ import annotations

import json

import pytest

from tests.app.command_line import code_of

ASKED = ("dissociate", "--model", "bundled:names", "--task", "capitals", "--task", "agreement", "--pairs", "4")


def test_a_table_and_json_say_what_cuts_leave(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (*ASKED, "--size", "4", "--draws", "1")
    assert code_of(*asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[:4] == ["cut", "edges", "capitals", "agreement"]
    assert lines[3].split()[:2] == ["capitals", "4"]
    assert any(line.endswith("pairs of tasks are doubly dissociated.") for line in lines)

    assert code_of(*asked, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [len(edges) for edges in report["cut edges"].values()] == [4, 4]
    assert f"[{100 * report['kept'][0][0]:.0f} %" in lines[3]

    assert code_of(*ASKED, "--cut", "patch") == 2
    assert "It carries: mean or zero" in capsys.readouterr().err
    assert code_of(*ASKED[:5]) == 3
    assert "does one task of these" in capsys.readouterr().err
