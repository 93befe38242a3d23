"""`wirescope flip`: what turns the answer, as a table and as JSON."""

from __future__ import annotations

import json

import pytest

from resources.samples.make import FOLDER
from tests.app.command_line import code_of

CIRCLE, HEART = (str(FOLDER / "shapes" / name) for name in ("circle.png", "circle-as-heart.png"))
ASKED = ("flip", "--model", "bundled:shapes", "--clean", CIRCLE, "--counterfactual", HEART)


def test_a_circle_becomes_a_heart_by_squares_of_patches(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(*ASKED, "--level", "positions", "--block", "4", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["flips"]
    assert report["answers"] == {"A": "circle", "B": "heart"}
    assert report["candidates"] == 4
    assert len(report["steps"]) == len(report["without"])
    assert report["margins"]["A"] < 0 < report["steps"][-1]["margin"]
    assert all(row["answer"] != "heart" for row in report["without"])

    assert code_of(*ASKED, "--level", "nodes", "--without", "m0") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["0", "nothing"]
    assert "m0" not in {line.split()[1] for line in lines[2:3]}
    assert "turn" in lines[-2]
    assert "candidates were patched alone" in lines[-1]

    for more, words in (
        (("--level", "heads"), "no level"),
        (("--block", "2"), "--block is of positions"),
        (("--level", "positions", "--block", "9"), "no squares of 9"),
        (("--level", "positions", "--without", "m0"), "by their numbers"),
        (("--without", "m77"), "m77"),
    ):
        assert code_of(*ASKED, *more) == 2
        assert words in capsys.readouterr().err
    assert code_of(*ASKED[:-2]) == 2
    assert "come from B" in capsys.readouterr().err
    made = ("--make-b", "other other=" + HEART.replace("\\", "/"), "--level", "positions", "--block", "4", "--json")
    assert code_of(*ASKED[:-2], *made) == 0
    assert json.loads(capsys.readouterr().out)["answers"]["B"] == "heart"
    assert code_of(*ASKED[:-1], CIRCLE) == 3
    assert "same answer, “circle”" in capsys.readouterr().err


def test_a_circle_becomes_a_heart_by_named_regions(capsys: pytest.CaptureFixture[str]) -> None:
    of_regions = (*ASKED, "--level", "regions")
    named = (*of_regions, "--region", "left=36,44", "--region", "right=37,45", "--region", "sky=0-7")
    assert code_of(*named, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert {row["region"] for row in report["steps"]} == {"left", "right"}
    assert [row["answer"] for row in report["without"]] == ["circle", "circle"]
    assert report["candidates"] == 3
    assert code_of(*named) == 0
    assert {line.split()[1] for line in capsys.readouterr().out.splitlines()[2:4]} == {"left", "right"}
    assert code_of(*of_regions, "--region", "sky=0-7") == 0
    assert "The region does not turn “circle” into “heart”" in capsys.readouterr().out
    assert code_of(*of_regions) == 2
    assert "--region eye=27-28,35-36" in capsys.readouterr().err
